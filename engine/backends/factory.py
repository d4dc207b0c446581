"""Makes the backend for a model name, without heavy imports and without sending a request.

local, local:NAME                an embedded model
local:hf:OWNER/REPO/FILE.gguf    a file of a hub, with @REVISION after it for a commit
local:FILE.gguf                  a model file; settings follow after commas: local:FILE.gguf,context=4096,threads=4
scripted:echo, scripted:FILE     a scripted model, by the rules in a YAML or JSON file
scripted:planted                 the scripted model for the task `planted`, for trying any shipped pipeline
scripted:planted-NAME            the scripted model for the task of that name, in which one mechanism of a search shows
litellm:NAME                     litellm, also with an address: forces a provider's own interface
NAME with --api-base             an OpenAI-compatible address; NAME is sent as given, slashes included
openai/NAME, NAME                the address in OPENAI_BASE_URL, where it is set; it gets NAME without openai/
PROVIDER/NAME                    a hosted provider, through litellm
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from promptwire.backend import Backend
from promptwire.backends.address import Address
from promptwire.errors import PromptwireError, UsageError, closest, suggest
from promptwire.local_settings import LocalSettings, is_local, split_settings
from promptwire.security.secrets import hide_credentials

__all__ = ["backend"]

_WORDS: Final = ("local", "scripted", "litellm")
_EXAMPLES: Final = "such as local, openai/gpt-4o-mini, ollama/llama3, or any name with --api-base"


def backend(
    name: str,
    *,
    api_base: str | None = None,
    parallel: int | None = None,
    timeout: float | None = None,
    role: str = "",
    local: LocalSettings | None = None,
    say: Callable[[str], None] | None = None,
    ambient: bool = False,
) -> Backend:
    """Make the backend for `name`, not opened yet.

    `api_base` is an OpenAI-compatible address, `parallel` the most requests in flight, `timeout` the time limit of a request in
    seconds. `role` is its role, whose key may be in PROMPTWIRE_<ROLE>_API_KEY. `local` are settings of a local model; those in
    the name take precedence. `say` gets progress messages of a download. `ambient` says that `api_base` comes from the
    environment.

    Raises UsageError for an invalid name or address, ModelUnavailable when a package is not installed.
    """
    word, colon, rest = name.partition(":")
    if not name.strip() or name != name.strip() or any(character.isspace() for character in name):
        raise UsageError(f"{name!r} is not a model name", where="--model", hint=_EXAMPLES)
    if parallel is not None and parallel < 1:
        raise UsageError(f"{parallel} requests in flight are too few", where="--parallel", hint="give at least 1")
    own_runtime = is_local(name) or (word == "scripted" and (colon or word == name))
    if api_base is not None:
        _check_address(
            api_base, name, f"PROMPTWIRE_{role.upper()}_API_BASE" if ambient else "--api-base", taken=not own_runtime
        )
    if own_runtime:
        return _scripted(rest) if word == "scripted" else _embedded(name, local or LocalSettings(), say, timeout)
    more: dict[str, Any] = {key: value for key, value in (("parallel", parallel), ("timeout", timeout)) if value is not None}
    key = (os.environ.get(f"PROMPTWIRE_{role.upper()}_API_KEY") if role else None) or None
    if word == "litellm" and colon:
        if not rest:
            raise UsageError("`litellm:` lacks a model name", where="--model", hint=_EXAMPLES)
        return _hosted(rest, api_base, key, name, more)
    # A colon before the first slash is not part of a provider: such a name is a bare name with a tag, or a typo.
    provider, slash, _ = word.partition("/")
    base = api_base or (_environment() if provider == "openai" or not slash else None)
    if base is None:
        _check_word(name)
        return _hosted(name, None, key, name, more)
    from promptwire.backends.openai_compatible import OpenAICompatible  # noqa: PLC0415 - only what is used

    # Gateways and vLLM serve ids such as openai/gpt-oss-20b. With the environment's address, openai/ only names the provider.
    model = name if api_base and not ambient else name.removeprefix("openai/")
    return OpenAICompatible(model, base, key=key or os.environ.get("OPENAI_API_KEY") or None, name=name, **more)


def _check_address(address: str, name: str, where: str, *, taken: bool) -> None:
    """Refuse what is no address, and any address of a model that takes none. Raises UsageError."""
    Address.checked(address, where)
    if not taken:
        hint = f"leave out {where} {hide_credentials(address)}"
        raise UsageError(f"the model {name!r} takes no address", where=where, hint=hint)


def _environment() -> str | None:
    for variable in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        base = os.environ.get(variable)
        if base:
            Address.checked(base, variable)
            return base
    return None


def _check_word(name: str) -> None:
    """Raise UsageError for a bare name that looks like a typo of `local`, `scripted` or `litellm`."""
    word, colon, _ = name.partition(":")
    if "/" not in word and (colon or closest(word.lower(), _WORDS)):
        hint = suggest(word.lower(), _WORDS, otherwise=_EXAMPLES)
        raise UsageError(f"unknown model {name!r}", where="--model", hint=hint)


def _embedded(name: str, local: LocalSettings, say: Callable[[str], None] | None, timeout: float | None) -> Backend:
    from promptwire.backends.local import LocalBackend  # noqa: PLC0415 - only what is used
    from promptwire.backends.local_sources import find_source  # noqa: PLC0415 - only what is used

    model, settings = split_settings(name)
    more: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
    return LocalBackend(find_source(model), settings.over(local), say=say, **more)


def _scripted(what: str) -> Backend:
    from promptwire.backends.scripted_rules import echo, scripted  # noqa: PLC0415 - only what is used

    if what == "echo":
        return echo()
    if what == "planted":
        from promptwire.backends.planted import planted  # noqa: PLC0415 - only what is used

        return planted()
    from promptwire.backends.worlds import WORLDS, world  # noqa: PLC0415 - only what is used

    if what in WORLDS:
        return world(what)
    path = Path(what).expanduser()
    if not what or not os.path.isfile(path):
        hint = "write scripted:FILE.yaml with a list of rules, scripted:echo, scripted:planted or scripted:planted-order"
        raise UsageError(f"there is no script {what!r}", where="--model", hint=hint)
    from promptwire.documents.yaml_reader import load_yaml  # noqa: PLC0415 - only what is used

    try:
        data = load_yaml(path)
    except PromptwireError as error:
        raise UsageError(f"the script can't be read: {error}", where="--model") from error
    return scripted(data, name=f"scripted:{what}")


def _hosted(model: str, api_base: str | None, key: str | None, name: str, more: dict[str, Any]) -> Backend:
    from promptwire.backends.litellm_backend import LiteLLMBackend  # noqa: PLC0415 - only what is used
    from promptwire.backends.litellm_providers import unknown  # noqa: PLC0415 - only what is used

    if hint := unknown(model):
        raise UsageError(f"litellm knows no provider for {model!r}", where="--model", hint=hint)
    return LiteLLMBackend(model, api_base=api_base, key=key, name=name, **more)
