"""Answers that other machines have paid for: fetched before asking, asked for under a lease, and published.

What is fetched is stored on the local disk first. So a run reads one cache, and its bundle holds all of its answers. Keys
that are looked up in one turn of the event loop are fetched together.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from promptwire.backend import Backend, Completion
from promptwire.cache.policy import CachePolicy
from promptwire.cache.record import CacheRecord, RequestMeta, filtered
from promptwire.gateway.answer_store import AnswerStore
from promptwire.gateway.answer_tier import ANY, AnswerTier, Lease
from promptwire.gateway.budget import Budget
from promptwire.gateway.cached_calls import CachedCalls
from promptwire.gateway.dispatcher import Dispatcher, Store
from promptwire.gateway.in_flight import InFlightRequest
from promptwire.gateway.lease_window import LeaseWindow
from promptwire.gateway.usage import Usage

__all__ = ["SharedAnswers"]

_AHEAD: Final = 2
"""Requests of a model that are leased at once, in multiples of its concurrency limit. More would be kept from others."""
_LOOKS: Final = 3
"""How often a key may have an answer that can't be fetched before its model is asked."""
_STORING: Final = 600.0
"""Seconds that storing may take. While this timer is set, the event loop does not count as idle."""


class _Lookup(NamedTuple):
    """Keys that are looked up, whether an answer that a content filter blocked serves, and where the answers go."""

    keys: Sequence[str]
    filtered_too: bool
    found: asyncio.Future[Mapping[str, Completion]]


class SharedAnswers:
    """The shared tier as one gateway uses it."""

    def __init__(
        self,
        tier: AnswerTier,
        *,
        answers: AnswerStore,
        cached: CachedCalls,
        dispatcher: Dispatcher,
        budget: Budget,
        usage: Usage,
        say: Callable[[str], None],
    ) -> None:
        """Store what is fetched in `answers`. `say` gets the messages of the tier."""
        self._tier = tier
        self._answers = answers
        self._cached = cached
        self._dispatcher = dispatcher
        self._budget = budget
        self._usage = usage
        self._say = say
        answers.keep_rows()
        self._lookups: list[_Lookup] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._windows: dict[int, LeaseWindow] = {}
        self._unusable: dict[str, str] = {}
        """SHA-1 of rows that can't be used, by key."""
        self._faulty: set[str] = set()
        self._looked: set[str] = set()
        """Keys that the tier did not hold a moment ago. One that it holds since then is found when it is to be leased."""
        self.ended: set[str] = set()
        """Keys whose requests have ended in this run: what they brought is in the local cache."""

    async def look_up(self, keys: Sequence[str], policy: CachePolicy) -> dict[str, Completion | InFlightRequest | None]:
        """Return what the tier holds under `keys`, and what was asked for or stored in this run meanwhile."""
        unknown = keys if policy == "only" else [key for key in keys if key not in self._looked]
        given = await self.fetch(unknown, filtered_too=policy == "only") if unknown else {}
        self._looked.difference_update(keys)
        found: dict[str, Completion | InFlightRequest | None] = dict(given)
        for key in keys:
            if key not in found and (key in self.ended or self._cached.waits(key)):
                found[key] = self._cached.find(key, policy)
        return found

    async def prefetch(self, keys: Sequence[str]) -> bool:
        """Store locally what the tier holds under `keys`; return whether it is anything. `look_up` need not ask again.

        A wait for each of many calls takes more processor time than one for all.
        """
        found = await self.fetch(keys)
        self._looked.update([key for key in keys if key not in found] if found else keys)
        return bool(found)

    def paid(self, missing: Sequence[str], found: Mapping[str, Completion | InFlightRequest | None], node: str) -> list[str]:
        """Return those `missing` keys that this run has paid for. The others, paid for elsewhere, count as cached."""
        paid = [key for key in missing if not (isinstance(one := found[key], InFlightRequest) and key in one.fetched)]
        self._usage.of(node).cached += len(missing) - len(paid)
        return paid

    async def fetch(self, keys: Sequence[str], *, filtered_too: bool = False) -> Mapping[str, Completion]:
        """Return the usable completions that the tier holds under `keys`; they are on the local disk then.

        With `filtered_too`, those that a content filter blocked are among them. Raises CacheError when one can't be stored.
        """
        loop = asyncio.get_running_loop()
        if not self._lookups:
            loop.call_soon(self._start)
        self._lookups.append(lookup := _Lookup(keys, filtered_too, loop.create_future()))
        return await lookup.found

    async def send(self, in_flight: InFlightRequest, store: Store) -> None:
        """Bring a completion for each open key: from the model where this run holds the lease, else from the tier.

        Raises what `Dispatcher.send` raises, and LimitReached when the run's time is over.
        """
        keys = in_flight.open_keys()
        window = self._windows.get(id(in_flight.backend)) or self._window(in_flight.backend)
        leased = window.enter(partial(self._tier.lease, keys, self._known(keys)))
        try:
            states = await leased
            rest = await self._ask(in_flight, states, store)
        except asyncio.CancelledError:
            self._tier.release(keys)  # they may have been granted in the turn of the event loop that cancelled this
            raise
        finally:
            window.leave(leased)
        looks = 0
        while rest:
            answered = [key for key in rest if states[key] == "answered"]
            if answered and looks >= _LOOKS:
                await self._dispatcher.send(in_flight, answered, store)
            elif answered:
                looks += 1
                await self._take(in_flight, answered)
            rest = [key for key in rest if not in_flight.completions[key].done()]
            if not rest:
                return
            states = await self._wait(rest)
            rest = await self._ask(in_flight, states, store)

    def publish(self, in_flight: InFlightRequest, keys: Sequence[str], *, replace: bool) -> None:
        """Publish the completions under `keys` that are on the local disk by now. With `replace`, over those of others."""
        for key in keys:
            row, stored = self._answers.row(key), in_flight.completions[key]
            if stored.exception() is not None:
                continue
            if row is None:  # another process has stored an answer here before
                meta = RequestMeta(in_flight.backend.identity, in_flight.request.kind)
                row = CacheRecord(stored.result(), meta, round(time.time(), 3)).write()
            self._tier.publish(key, row, replaces=ANY if replace else self._unusable.get(key, ""))

    async def drain(self) -> None:
        """Wait until what is being fetched is stored."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def take_notes(self) -> list[str]:
        """Say how many rows of the tier could not be read. Each is counted once."""
        many, self._faulty = len(self._faulty), set()
        answers, were = ("answer", "was") if many == 1 else ("answers", "were")
        return [f"warning: {many} {answers} of the shared cache can't be read, and {were} not used"] if many else []

    def _window(self, backend: Backend) -> LeaseWindow:
        """What limits the leases of `backend`."""
        return self._windows.setdefault(id(backend), LeaseWindow(_AHEAD * self._dispatcher.at_once(backend)))

    def _known(self, keys: Sequence[str]) -> Mapping[str, str]:
        return {key: self._unusable[key] for key in keys if key in self._unusable} if self._unusable else {}

    async def _ask(self, in_flight: InFlightRequest, states: Mapping[str, Lease], store: Store) -> list[str]:
        """Ask for the keys that are leased to this run; return the others."""
        mine = [key for key, state in states.items() if state == "granted"]
        if mine:
            try:
                await self._dispatcher.send(in_flight, mine, store)
            finally:
                self._tier.release(mine)  # of those that are published the lease has ended
        return [] if len(mine) == len(states) else [key for key, state in states.items() if state != "granted"]

    async def _wait(self, keys: Sequence[str]) -> Mapping[str, Lease]:
        """Wait until at least one of `keys` is answered or leased to this run."""
        try:
            async with asyncio.timeout(self._budget.seconds_left()):
                return await self._tier.wait(keys, self._known(keys))
        except asyncio.CancelledError:
            self._tier.release(keys)
            raise
        except TimeoutError as error:
            self._tier.release(keys)
            raise self._budget.out_of_time() from error

    async def _take(self, in_flight: InFlightRequest, keys: Sequence[str]) -> None:
        """Fetch what another machine was asked for meanwhile, in place of asking for it."""
        for key, completion in (await self.fetch(keys)).items():
            if not in_flight.completions[key].done():
                self._budget.cancel(in_flight.reservations[key])
                in_flight.fetched.add(key)
                in_flight.completions[key].set_result(completion)

    def _start(self) -> None:
        lookups, self._lookups = self._lookups, []
        task = asyncio.get_running_loop().create_task(self._look_up(lookups))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_up(self, lookups: Sequence[_Lookup]) -> None:
        """Fetch the keys of `lookups` together, store what is usable, and give each what it looked for."""
        keys = list(dict.fromkeys([key for one in lookups for key in one.keys]))
        try:
            rows = await self._tier.fetch(keys)
            self._tell()
            records = {key: record for key, row in rows.items() if (record := self._read(key, row)) is not None}
            wanted = {key for one in lookups for key in one.keys if key in records and self._serves(records[key], one)}
            stored = await self._stored({key: records[key] for key in records if key in wanted})
        except BaseException as error:
            for one in lookups:
                if not one.found.done():
                    one.found.set_exception(error)
                    one.found.exception()
            if not isinstance(error, Exception):
                raise
            return
        for one in lookups:
            if not stored and not one.found.done():
                one.found.set_result(stored)
            elif not one.found.done():
                found = [key for key in one.keys if key in stored and self._serves(records[key], one)]
                one.found.set_result({key: stored[key] for key in found})

    @staticmethod
    def _serves(record: CacheRecord, lookup: _Lookup) -> bool:
        return lookup.filtered_too or not filtered(record.completion)

    def _read(self, key: str, row: bytes) -> CacheRecord | None:
        """The record in a row; None when it can't be read. A row that does not serve may be replaced."""
        try:
            record = CacheRecord.read(row.decode("utf-8"))
        except UnicodeDecodeError:
            record = None
        if record is None:
            self._faulty.add(key)
        if record is None or filtered(record.completion):
            self._unusable[key] = hashlib.sha1(row, usedforsecurity=False).hexdigest()
        return record

    async def _stored(self, records: Mapping[str, CacheRecord]) -> Mapping[str, Completion]:
        """Store `records` on the local disk. Returns what is there then."""
        if not records:
            return {}
        loop = asyncio.get_running_loop()
        promises = {key: loop.create_future() for key in records}
        by_meta: dict[RequestMeta, dict[str, Completion]] = {}
        for key, record in records.items():
            by_meta.setdefault(record.meta, {})[key] = record.completion
        async with asyncio.timeout(_STORING):
            jobs = [self._answers.put(found, promises, meta=meta, replace=False) for meta, found in by_meta.items()]
            await asyncio.gather(*jobs)
        for key in records:
            self._answers.row(key)  # it came from the tier
        return {key: promise.result() for key, promise in promises.items()}

    def _tell(self) -> None:
        for note in self._tier.take_notes():
            self._say(note)
