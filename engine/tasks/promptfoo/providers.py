"""The model that a configuration names, as `--model` and `--api-base` take it, and its settings as those of a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from promptwire.documents.document import YamlValue
from promptwire.tasks.promptfoo.source import is_text

__all__ = ["Provider", "read_provider"]

_OPENAI_KINDS: Final = ("chat:", "responses:", "completion:", "assistant:")
_PROVIDERS: Final = {
    "anthropic": "anthropic",
    "google": "gemini",
    "vertex": "vertex_ai",
    "mistral": "mistral",
    "groq": "groq",
    "openrouter": "openrouter",
    "ollama": "ollama",
    "deepseek": "deepseek",
    "togetherai": "together_ai",
    "together": "together_ai",
    "cohere": "cohere",
    "azure": "azure",
    "azureopenai": "azure",
    "bedrock": "bedrock",
    "xai": "xai",
    "fireworks": "fireworks_ai",
    "perplexity": "perplexity",
    "huggingface": "huggingface",
}
"""Providers of promptfoo and their names in `--model`."""
_SETTINGS: Final = ("temperature", "top_p", "max_tokens", "stop")
_EXTRA: Final = (
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "response_format",
    "reasoning_effort",
    "max_completion_tokens",
)
_ADDRESSES: Final = ("apiBaseUrl", "apiBase", "base_url", "baseURL")
_QUIET: Final = ("apiKey", "apiKeyEnvar", "apiKeyRequired", "organization", "cost", "apiHost", "showThinking")


class Provider(NamedTuple):
    """What is taken over from the first provider."""

    model: str = ""
    """Name for `--model`; empty when there is none."""
    api_base: str = ""
    """Address for `--api-base`."""
    settings: dict[str, Any] = {}
    """Settings of the task model."""


def read_provider(root: YamlValue, note: Callable[[str], None]) -> Provider:
    """The first provider of the configuration; `note` gets what is not taken over."""
    given = root.get("providers") or root.get("targets")
    if given is None or given.value in (None, [], {}, ""):
        return Provider()
    items = given.value if isinstance(given.value, list) else [given]
    if len(items) > 1:
        note(
            f"{items[1].location}: of {len(items)} providers the first is suggested; a run has one task model, `sweep` has many"
        )
    first = items[0]
    name, config = first, None
    if isinstance(first.value, dict):
        if first.get("id") is None and len(first.value) == 1:  # {openai:gpt-4o: {config: ...}}
            ((key, inner),) = first.value.items()
            name, config = YamlValue(key, first.position), inner.get("config")
        else:
            name, config = first.get("id") or first, first.get("config")
        if (code := first.get("transform")) is not None:
            note(
                f"{code.key_location}: 'transform' of a provider is a program and is left out; `parse:` reads a part of a reply"
            )
    model = _model(str(name.value)) if is_text(name) else ""
    if not model:
        note(f"{first.location}: the provider has no counterpart; name the task model with --model")
    settings, api_base = _config(config, note)
    return Provider(model, api_base, settings)


def _model(name: str) -> str:
    """The name for `--model` of a provider's id; empty when it has none."""
    provider, _, rest = name.partition(":")
    if provider == "openai":
        kind = next((kind for kind in _OPENAI_KINDS if rest.startswith(kind)), "")
        return f"openai/{rest.removeprefix(kind)}" if rest.removeprefix(kind) and kind != "assistant:" else ""
    if provider not in _PROVIDERS or not rest:
        return ""
    for kind in ("messages:", "chat:", "completion:"):
        rest = rest.removeprefix(kind)
    return "" if any(one.isspace() for one in rest) or "{" in rest else f"{_PROVIDERS[provider]}/{rest}"


def _config(config: YamlValue | None, note: Callable[[str], None]) -> tuple[dict[str, Any], str]:
    if config is None or not isinstance(config.value, dict):
        return {}, ""
    settings: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    api_base = ""
    for key, value in config.value.items():
        plain = value.data()
        if isinstance(plain, str) and "{{" in plain:
            note(f"{value.location}: {key!r} is filled in by promptfoo and is left out")
        elif key in (*_SETTINGS, "max_output_tokens"):
            settings["max_tokens" if key == "max_output_tokens" else key] = plain
        elif key in _EXTRA and not (isinstance(plain, str) and plain.startswith("file://")):
            extra[key] = plain
        elif key in _ADDRESSES and isinstance(plain, str):
            api_base = plain
        elif key not in _QUIET:
            note(f"{value.key_location}: the setting {key!r} of the provider is left out")
    return {**settings, **({"extra": extra} if extra else {})}, api_base
