"""What a model charges for a token: nothing where it runs here, litellm's price list for providers, else unknown.

The list is read as the JSON file that lies in litellm's package: importing litellm would take 3.5 s of processor time, and this
is asked before anything is spent. Nothing is guessed: a model that is not in the list has no price, which is not a price of 0.
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
"""Kinds of model in the list whose prices are those of a text token."""
_OWN: Final = frozenset({"ollama", "ollama_chat", "lm_studio", "llamafile", "hosted_vllm"})
"""Providers that are programs on one's own machines."""


def at_address(base: str) -> Quote:
    """The price at an address: unknown, but at one in one's own network nobody is likely to send a bill."""
    host = urlsplit(base).hostname or ""
    try:
        own = loopback(host) or ipaddress.ip_address(host).is_private
    except ValueError:
        own = False
    return Quote(None, None, "an address has no price list", hosted=not own)


def listed(model: str) -> Quote:
    """The price of `model`, named as litellm does, in litellm's list."""
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
        return Quote(None, None, "litellm's list has no price a token", hosted=hosted)
    return Quote(read, written, "litellm's price list", hosted=hosted)


def server(model: str) -> str:
    """The provider that litellm asks for `model`, by its name or by litellm's list; `openai` when neither says."""
    provider, slash, _ = model.partition("/")
    found = provider if slash else _table().get(model, {}).get("litellm_provider")
    return found if isinstance(found, str) and found else "openai"


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    """The list; empty when litellm or its list is not there."""
    try:
        found = find_spec("litellm")
        folders = found.submodule_search_locations if found else None
        data = json.loads((Path(folders[0]) / _FILE).read_text(encoding="utf-8")) if folders else {}
    except (OSError, ValueError, ImportError):
        return {}
    return {name: entry for name, entry in data.items() if isinstance(entry, dict)} if isinstance(data, dict) else {}
