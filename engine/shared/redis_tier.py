"""Shared tier of the answer cache in Redis.

All that comes up until the next exchange with the server goes out together: one message, and for each kind of work one command
for many keys. Exchanges are some milliseconds apart. So a busy run sends few large messages, and an idle one waits for nothing.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from promptwire.gateway.answer_tier import Lease
from promptwire.shared.redis_server import Command, RedisServer
from promptwire.shared.tier_scripts import FETCH_ROWS, LEASE, LEASE_KEYS, PUBLISH_ROWS, RELEASE_KEYS, RENEW_KEYS, ROW, STATES
from promptwire.shared.unpublished import Unpublished

__all__ = ["LEASE_SECONDS", "RedisTier", "open_tier"]

LEASE_SECONDS: Final = 30.0
"""How long a lease lasts without being renewed: so long waits a run for one that has died."""
_MOST_KEYS: Final = 1000
"""Keys of one command."""
_APART: Final = 0.01
"""Seconds from one exchange to the next, at least. An exchange takes as much processor time as work for ten keys in it."""
_TICK: Final = 0.02
"""Waiting calls look again at multiples of this many seconds, so that they share a command."""
_LONGEST_WAIT: Final = 1.0
"""Most seconds until a waiting call looks again. Before, it looks after a quarter of the time that it has waited."""


class _Call(NamedTuple):
    """A call that waits for the next exchange."""

    keys: Sequence[str]
    unusable: Mapping[str, str]
    done: asyncio.Future[Any]


class RedisTier:
    """Answers and leases of one run on one server. Belongs to one event loop."""

    def __init__(
        self,
        server: RedisServer,
        *,
        lease: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        notes: Sequence[str] = (),
    ) -> None:
        """Take an open `server`. A lease lasts `lease` seconds and is renewed three times in that time.

        `notes` are returned first by `take_notes`.
        """
        self._server = server
        self._notes = list(notes)
        self._lease = lease
        self._clock = clock
        self._token = secrets.token_hex(8)
        self._fetches: list[_Call] = []
        self._leases: list[_Call] = []
        self._released: set[str] = set()
        self._renewing = False
        self._rows = Unpublished()
        self._mine: set[str] = set()
        """Keys that this run has leased."""
        self._held_until: dict[str, float] = {}
        """Until when the leases of others last, as far as this run has seen."""
        self._next = 0.0
        """When the next exchange may begin, by the clock of the event loop."""
        self._pump: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Return the rows under `keys` that the server holds; none when it is away."""
        done: asyncio.Future[Mapping[str, bytes]] = asyncio.get_running_loop().create_future()
        self._fetches.append(_Call(keys, {}, done))
        self._wake()
        return await done

    def lease(self, keys: Sequence[str], unusable: Mapping[str, str], done: asyncio.Future[Mapping[str, Lease]]) -> None:
        """Lease `keys`; see `AnswerTier`. While the server is away, keys are granted, but those seen held only at their end."""
        self._leases.append(_Call(keys, unusable, done))
        self._wake()

    async def wait(self, keys: Sequence[str], unusable: Mapping[str, str]) -> Mapping[str, Lease]:
        """Lease `keys` when one of them is not held any more. All that wait look together, and longer apart each time."""
        began, loop = self._clock(), asyncio.get_running_loop()
        while True:
            done: asyncio.Future[Mapping[str, Lease]] = loop.create_future()
            self.lease(keys, unusable, done)
            states = await done
            if any(state != "held" for state in states.values()):
                return states
            await self._next_look(self._clock() - began)

    def publish(self, key: str, row: str, *, replaces: str = "") -> None:
        """Store `row` with the next exchange. It is kept until the server has it, within a limit."""
        self._mine.discard(key)
        self._rows.add(key, row, replaces)
        self._wake()

    def release(self, keys: Collection[str]) -> None:
        """End the leases on `keys` with the next exchange."""
        known = self._mine.intersection(keys)
        if known:
            self._mine -= known
            self._released |= known
            self._wake()

    def take_notes(self) -> list[str]:
        """Messages of the server, and of rows that it did not take."""
        notes, self._notes = self._notes, []
        return [*notes, *self._server.take_notes(), *self._rows.take_notes(self._server.where)]

    async def close(self) -> None:
        """Publish what is left, end all leases, close the connection."""
        if self._renewal is not None:
            self._renewal.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewal
        self.release(set(self._mine))
        if self._rows or self._released:
            self._wake()
        if self._pump is not None:
            await self._pump
        self._rows.give_up()
        await self._server.close()

    def _wake(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.get_running_loop().create_task(self._exchange())

    async def _exchange(self) -> None:
        """Exchange messages with the server until nothing is left to do, or until it is away."""
        loop = asyncio.get_running_loop()
        while self._fetches or self._leases or self._released or self._rows or self._renewing:
            if (pause := self._next - loop.time()) > 0:
                await asyncio.sleep(pause)
            self._next = loop.time() + _APART
            fetches, self._fetches = self._fetches, []
            leases, self._leases = [call for call in self._leases if not call.done.cancelled()], []
            released, self._released = self._released, set()
            renewed, self._renewing = (self._mine if self._renewing else set()), False
            rows = self._rows.take()
            commands = [self._publishing(rows)] if rows else []
            # In this order: what is published or given up may be leased in the same exchange.
            commands += self._simple(RELEASE_KEYS, released, [self._token])
            commands += self._simple(RENEW_KEYS, renewed, [self._token, self._milliseconds])
            fetched = _distinct(fetches)
            commands += [RedisServer.script(FETCH_ROWS, [ROW + key for key in part], ()) for part in _parts(fetched)]
            wanted = _distinct(leases)
            unusable = {key: sha for call in leases for key, sha in call.unusable.items()}
            commands += [self._leasing(part, unusable) for part in _parts(wanted)]
            replies = await self._server.send(commands) if commands else []
            self._rows.settle(rows, None if replies is None else replies[0] if rows else 1)
            if replies is None:
                self._settle(fetches, leases, {}, dict.fromkeys(wanted))
                if not self._fetches and not self._leases:
                    return  # rows that are not published yet go out with the next call
                continue
            parts = len(_parts(wanted))
            gets = replies[len(replies) - parts - len(_parts(fetched)) : len(replies) - parts]
            self._settle(fetches, leases, _rows(fetched, gets), _states(wanted, replies[len(replies) - parts :]))

    def _settle(
        self,
        fetches: Sequence[_Call],
        leases: Sequence[_Call],
        rows: Mapping[str, bytes],
        states: Mapping[str, Lease | None],
    ) -> None:
        """Give each call what it waits for. A state of None means that the server did not tell."""
        for call in fetches:
            if not call.done.done():
                call.done.set_result({key: rows[key] for key in call.keys if key in rows})
        known = {key: told if told == "granted" else self._state(key, told) for key, told in states.items()}
        mine = [key for key, state in known.items() if state == "granted"]
        self._mine.update(mine)
        if self._held_until:
            for key in mine:
                self._held_until.pop(key, None)
        for call in leases:
            if call.done.done():  # cancelled meanwhile
                self.release(call.keys)
            else:
                call.done.set_result({key: known[key] for key in call.keys})
        if self._mine and self._renewal is None:
            self._renewal = asyncio.get_running_loop().create_task(self._renew())

    def _state(self, key: str, told: Lease | None) -> Lease:
        """State of a key that the server has not granted. Where it did not tell, a lease of another holds to its end."""
        now = self._clock()
        if told == "held":
            self._held_until[key] = now + self._lease
        elif told == "answered":
            self._held_until.pop(key, None)
        return told or ("held" if self._held_until.get(key, 0.0) > now else "granted")

    async def _renew(self) -> None:
        """Renew the leases while there are any."""
        while self._mine:
            await asyncio.sleep(self._lease / 3)
            if self._mine:
                self._renewing = True
                self._wake()
        self._renewal = None

    async def _next_look(self, waited: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + min(_LONGEST_WAIT, max(_TICK, waited / 4))
        waiting: asyncio.Future[None] = loop.create_future()
        timer = loop.call_at(math.ceil(due / _TICK) * _TICK, waiting.set_result, None)
        try:
            await waiting
        finally:
            timer.cancel()

    @property
    def _milliseconds(self) -> int:
        return max(1, round(self._lease * 1000))

    def _leasing(self, keys: Sequence[str], unusable: Mapping[str, str]) -> Command:
        pairs = [name for key in keys for name in (ROW + key, LEASE + key)]
        shas = [unusable.get(key, "") for key in keys] if unusable else []
        return RedisServer.script(LEASE_KEYS, pairs, [self._token, self._milliseconds, *shas])

    def _publishing(self, rows: Mapping[str, tuple[str, str]]) -> Command:
        pairs = [name for key in rows for name in (ROW + key, LEASE + key)]
        replaced = (
            " ".join([replaces or "-" for _, replaces in rows.values()]) if any(over for _, over in rows.values()) else ""
        )
        return RedisServer.script(PUBLISH_ROWS, pairs, [self._token, replaced, *(row for row, _ in rows.values())])

    @staticmethod
    def _simple(script: str, keys: Collection[str], arguments: Sequence[str | int]) -> list[Command]:
        """The commands that run `script` on the leases of `keys`."""
        return [RedisServer.script(script, [LEASE + key for key in part], arguments) for part in _parts(list(keys))]


async def open_tier(url: str) -> RedisTier:
    """Connect to the server at `url`. Raises UsageError or CacheError when that can't be."""
    server = RedisServer(url)
    await server.open()
    return RedisTier(server, notes=[f"warning: {text}" for text in await server.warnings_once()])


def _distinct(calls: Sequence[_Call]) -> list[str]:
    """The keys of `calls`, each once."""
    return list(dict.fromkeys([key for call in calls for key in call.keys]))


def _parts(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + _MOST_KEYS] for start in range(0, len(keys), _MOST_KEYS)]


def _rows(keys: Sequence[str], replies: Sequence[Any]) -> dict[str, bytes]:
    """The rows of replies to FETCH_ROWS, by key."""
    found: dict[str, bytes] = {}
    for part, reply in zip(_parts(keys), replies, strict=True):
        pairs = zip(reply[::2], reply[1::2], strict=False) if isinstance(reply, list) else ()
        for number, row in pairs:
            if isinstance(row, bytes) and isinstance(number, int) and 0 < number <= len(part):
                found[part[number - 1]] = row
    return found


def _states(keys: Sequence[str], replies: Sequence[Any]) -> dict[str, Lease | None]:
    """The states of replies to LEASE_KEYS, by key; None where the server did not tell."""
    found: dict[str, Lease | None] = dict.fromkeys(keys)
    for part, reply in zip(_parts(keys), replies, strict=True):
        digits = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else ""
        if len(digits) == len(part):
            found.update({key: STATES.get(digit) for key, digit in zip(part, digits, strict=True)})
    return found
