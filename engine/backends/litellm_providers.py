"""Providers and models that litellm knows, without importing it.

A typo in --model is reported before the first request. Importing litellm takes seconds, and a run from the cache doesn't need
it. Its lists of providers and models are therefore read as text files. When a later version moves them, no name is refused
here and litellm decides.
"""

from __future__ import annotations

import importlib.util
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from promptwire.errors import suggest

__all__ = ["providers", "unknown"]

_CLASS: Final = re.compile(r"^class LlmProviders\(.*?\n(?=\S)", re.DOTALL | re.MULTILINE)
_VALUE: Final = re.compile(r"^    [A-Z0-9_]+ = \"([^\"]+)\"", re.MULTILINE)


@lru_cache(maxsize=1)
def providers() -> frozenset[str]:
    """Provider names that may stand before the slash; empty when litellm's lists have moved."""
    home = _home()
    try:
        found = _CLASS.search((home / "types" / "utils.py").read_text(encoding="utf-8")) if home else None
        if home is None or found is None:
            return frozenset()
        more = json.loads((home / "llms" / "openai_like" / "providers.json").read_text(encoding="utf-8"))
        return frozenset({*_VALUE.findall(found[0]), *more})
    except (OSError, ValueError):
        return frozenset()


def unknown(model: str) -> str:
    """Empty when litellm may know a provider of `model`, else a hint."""
    known = providers()
    provider, slash, _ = model.partition("/")
    if not known or (slash and provider in known) or _listed(model):
        return ""
    form = "names are PROVIDER/MODEL, such as openai/gpt-4o-mini or ollama/llama3; or give its address with --api-base"
    return suggest(provider, known, otherwise=form) if slash else form


def _listed(model: str) -> bool:
    """Whether `model` is in litellm's list, which also has names without a provider."""
    home = _home()
    try:
        text = (home / "model_prices_and_context_window_backup.json").read_text(encoding="utf-8") if home else ""
    except (OSError, ValueError):
        return True
    return f"    {json.dumps(model)}: {{" in text


def _home() -> Path | None:
    spec = importlib.util.find_spec("litellm")
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
