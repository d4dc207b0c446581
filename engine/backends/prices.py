"""Prices per token: from litellm's price list for providers, else unknown.

The list is the JSON file in litellm's package. It is read without importing litellm, which would take 3.5 s of processor time:
prices are needed before the first call. No price is guessed. A model that is not in the list has no price, which is not a
price of 0.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from promptwire.backend import Quote
from promptwire.backends.address import loopback
from promptwire.security.untrusted_numbers import price

__all__ = ["at_address", "listed", "server"]

_FILE: Final = "model_prices_and_context_window_backup.json"
_MODES: Final = (None, "chat", "completion", "responses")
"""Modes in the list whose prices are for text tokens."""
_OWN: Final = frozenset({"ollama", "ollama_chat", "lm_studio", "llamafile", "hosted_vllm"})
"""Providers that are programs on the user's own machines."""


def at_address(base: str) -> Quote:
    """Price at an address: unknown. An address in the private network counts as not hosted, so it needs no approval."""
    host = urlsplit(base).hostname or ""
    try:
        own = loopback(host) or ipaddress.ip_address(host).is_private
    except ValueError:
        own = False
    return Quote(None, None, "endpoints publish no price list", hosted=not own)


def listed(model: str) -> Quote:
    """Price of `model`, a litellm name, in litellm's list."""
    provider, slash, rest = model.partition("/")
    found = _table().get(model)
    if found is None and slash:
        found = _table().get(rest)
        if found is not None and not str(found.get("litellm_provider", "")).startswith(provider):
            found = None
    hosted = provider not in _OWN
    if found is None or found.get("mode") not in _MODES:
        return Quote(None, None, "not in litellm's price list", hosted=hosted)
    read, written = (price(found.get(f"{side}_cost_per_token")) for side in ("input", "output"))
    if read is None or written is None:
        return Quote(None, None, "litellm's price list has no price per token", hosted=hosted)
    return Quote(read, written, "litellm's price list", hosted=hosted)


def server(model: str) -> str:
    """Provider to which litellm sends `model`, by name or by litellm's list; `openai` as default."""
    provider, slash, _ = model.partition("/")
    found = provider if slash else _table().get(model, {}).get("litellm_provider")
    return found if isinstance(found, str) and found else "openai"


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    """Read the price list; empty when litellm or its list is missing."""
    try:
        found = find_spec("litellm")
        folders = found.submodule_search_locations if found else None
        data = json.loads((Path(folders[0]) / _FILE).read_text(encoding="utf-8")) if folders else {}
    except (OSError, ValueError, ImportError):
        return {}
    return {name: entry for name, entry in data.items() if isinstance(entry, dict)} if isinstance(data, dict) else {}
