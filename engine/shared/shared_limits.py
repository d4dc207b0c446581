"""Shared budget on a Redis server: each wave of a holder is one script, so that no two of them meet halfway.

The script is sent once and then called by its hash. A server that was started again does not know it, and so tells that it may
have forgotten the last waves, or all. Then nothing is granted until every living holder has had time to tell again what it has
spent: `PATIENCE`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Final

from promptwire.errors import CacheError
from promptwire.gateway.limit_wave import Amount, Caps, Permit, Reply, Wave
from promptwire.shared.redis_server import RedisServer, Refusal

__all__ = ["PATIENCE", "RedisLimits"]

PATIENCE: Final = 30.0
"""Seconds without a sign of life after which a holder counts as dead, and its reservations are given back.

Longer than a connection that was lost waits for its next try, so that after a restart all holders tell again in time.
"""
_UNKNOWN: Final = ("NOSCRIPT", "No matching script")
"""How the server says that it does not know the script; the library takes the first word away."""
_KEEP: Final = 180 * 24 * 3600 * 1000
"""Milliseconds without a new holder after which the server may forget a sweep."""


class RedisLimits:
    """The account of one sweep on a server. Belongs to one event loop."""

    def __init__(
        self,
        server: RedisServer,
        name: str,
        caps: Caps,
        *,
        already: Amount | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], int] | None = None,
    ) -> None:
        """`name` is that of the sweep. Who opens the sweep gives what it has spent `already`; the others find it opened.

        `clock` gives milliseconds in place of the server's clock.
        """
        self.beat: float | None = patience / 3
        self.patience: float = patience
        self._server = server
        self._keys = [f"promptwire:{{{name}}}:{part}" for part in ("limits", "holders", "beats", "sent", "sizes")]
        self._caps = _numbers(caps)
        self._already = already
        self._clock = clock

    async def exchange(self, wave: Wave) -> Reply | None:
        """Send a wave. Returns None when the server is away; the wave may have had its effect, and may be sent again."""
        told = _message(wave, self._caps, self.patience)
        if self._already is not None and not wave.epoch:
            told["already"] = _numbers(self._already)
        if self._clock is not None:
            told["now"] = self._clock()
        found = await self._call("EVALSHA", _sha(), told)
        if isinstance(found, Refusal) and any(words in found.text for words in _UNKNOWN):
            found = await self._call("EVAL", _script(), {**told, "restarted": True})
        if found is None:
            return None
        if isinstance(found, Refusal):
            raise CacheError(f"the shared limits can't be kept: {found.text}", where=self._server.where)
        return _reply(json.loads(found))

    def take_notes(self) -> list[str]:
        """Messages to the user: that the server went away, or is back."""
        return self._server.take_notes()

    async def close(self) -> None:
        """Disconnect."""
        await self._server.close()

    async def _call(self, command: str, script: str, told: dict[str, Any]) -> Any:
        replies = await self._server.send([(command, script, len(self._keys), *self._keys, json.dumps(told))])
        return None if replies is None else replies[0]


@cache
def _script() -> str:
    return (files("promptwire.shared") / "shared_limits.lua").read_text(encoding="utf-8")


@cache
def _sha() -> str:
    # The name by which Redis knows a script; it protects nothing.
    return hashlib.sha1(_script().encode(), usedforsecurity=False).hexdigest()


def _numbers(values: Amount | Caps) -> dict[str, int]:
    """The numbers of `values` by name, without those that are None."""
    found = {name: getattr(values, name) for name in values.__slots__}
    return {name: number for name, number in found.items() if number is not None}


def _message(wave: Wave, caps: dict[str, int], patience: float) -> dict[str, Any]:
    """`wave` as the script reads it."""
    return {
        "holder": wave.holder,
        "epoch": wave.epoch,
        "life": wave.life,
        **_numbers(wave.spent),
        "held_calls": wave.held.calls,
        "held_tokens": wave.held.tokens,
        "final_calls": wave.final.calls,
        "final_tokens": wave.final.tokens,
        "unpriced": wave.unpriced,
        "acked": _numbers(wave.acked),
        "seen": _numbers(wave.seen),
        "asks": [[ask.calls, ask.tokens, int(ask.final)] for ask in wave.asks],
        "sends": [_pair(permit) for permit in wave.sends],
        "settled": [_pair(permit) for permit in wave.settled],
        "leaves": wave.leaves,
        "caps": caps,
        "patience": int(patience * 1000),
        "keep": _KEEP,
    }


def _pair(permit: Permit) -> list[Any]:
    return [permit.name, permit.tokens, permit.lane]


def _reply(found: dict[str, Any]) -> Reply:
    total = Amount(*(int(found.get(name, 0)) for name in ("calls", "tokens", "nano")))
    # The script writes an empty list as an empty object.
    return Reply(
        found["state"],
        int(found["epoch"]),
        int(found["life"]),
        total,
        tuple(found["asks"] or ()),
        tuple(int(wait) for wait in found["sends"] or ()),
    )
