"""Messages of one run to the common account of a sweep: one at a time, with all that a turn of the event loop asks and tells.

The account may be away for a while. Wishes then wait, and nothing that was spent is forgotten: each message tells all of it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from promptwire.errors import CacheError, PromptwireError
from promptwire.gateway.limit_store import LimitStore
from promptwire.gateway.limit_wave import NOTHING, Answer, Ask, Permit, Reply, Wave

__all__ = ["LONGEST", "LimitExchange"]

LONGEST: Final = 600.0
"""Seconds that a run waits for an account that can't be reached."""
_POLLS: Final = (0.02, 1.0)
"""Seconds until a wish that has to wait is asked again: at first, and at most."""
_DELAY: Final = 0.1
"""Seconds that spending may wait for a message in which something is asked."""
_FRESH: Final = 0.7
"""Share of the account's patience after which a run without a reply sends no request."""


@dataclass(slots=True, eq=False)
class _Wish:
    ask: Callable[[], Ask]
    """What is wanted by now; no calls when nothing is."""
    take: Callable[[Ask], None]
    """Called when it is granted."""
    done: asyncio.Future[Answer]


@dataclass(slots=True, eq=False)
class _Send:
    permit: Permit
    done: asyncio.Future[None]


class LimitExchange:
    """One run at the account, from `open` to `close`. Belongs to one event loop."""

    def __init__(
        self,
        store: LimitStore,
        *,
        lapsed: Callable[[], None],
        longest: float = LONGEST,
        say: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lapsed` is called when the run was taken for dead: nothing that it had reserved is reserved any more."""
        self.spent = self.held = self.final = self.seen = NOTHING
        """What the run has spent, has in flight and keeps for its comparison; what all runs have spent."""
        self.unpriced = False
        self.life = 0
        """Number of the run's present life at the account; 0 before `open`."""
        self._store, self._lapsed, self._longest, self._say, self._clock = store, lapsed, longest, say, clock
        self._name = os.urandom(16).hex()
        self._epoch = self._permits = 0
        self._acked = NOTHING
        self._closing = False
        self._wishes: list[_Wish] = []
        self._sends: list[_Send] = []
        self._settled: list[Permit] = []
        self._error: PromptwireError | None = None
        self._heard = clock()
        self._poll, self._next_send = _POLLS[0], 0.0
        self._delayed: asyncio.TimerHandle | None = None
        self._wanted, self._replied = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Enter the account. Raises CacheError when it can't be reached."""
        self._wanted.set()
        self._task = asyncio.create_task(self._work())
        while not self.life:
            await self._reply()

    async def close(self, *, failed: bool = False) -> None:
        """Leave the account: nothing stays reserved. Raises CacheError when it can't be told what was spent.

        A run that has `failed` waits for an account that is away for the account's patience only, and keeps its own error.
        """
        self._closing, self.final = True, NOTHING
        if failed:
            self._longest = self._clock() - self._heard + self._store.patience
        self._wanted.set()
        if self._task is not None:
            await asyncio.shield(self._task)
        if self._delayed is not None:
            self._delayed.cancel()
        if self._error is not None and self.spent != self._acked and not failed:
            raise self._error

    def wish(self, ask: Callable[[], Ask], take: Callable[[Ask], None]) -> asyncio.Future[Answer]:
        """Ask for calls until they are granted or refused; the result says which."""
        self._require()
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._wishes.append(_Wish(ask, take, done))
        self._poll = _POLLS[0]
        self._wanted.set()
        return done

    async def permit(self, tokens: int, lane: str) -> Permit:
        """Wait until the common pace of the model `lane` admits a request of about `tokens` tokens."""
        self._require()
        self._permits += 1
        permit = Permit(f"{self._name}:{self._permits}", tokens, lane)
        send = _Send(permit, asyncio.get_running_loop().create_future())
        self._sends.append(send)
        if len(self._sends) == 1:
            self._wanted.set()
        else:
            self._next_send = min(self._next_send, self._clock() + _POLLS[1])
            self.soon()
        try:
            await send.done
        except asyncio.CancelledError:
            self.settle(permit, 0)
            raise
        finally:
            if send in self._sends:
                self._sends.remove(send)
        return permit

    def settle(self, permit: Permit, tokens: int) -> None:
        """The request with `permit` took `tokens` tokens; 0 when it failed."""
        self._settled.append(Permit(permit.name, tokens, permit.lane))
        self.soon()

    def soon(self) -> None:
        """Tell what has changed: at once where that costs nothing, else with the next message or after a moment."""
        if self._store.beat is None:
            self._wanted.set()
        elif self._delayed is None:
            self._delayed = asyncio.get_running_loop().call_later(_DELAY, self._wanted.set)

    async def contact(self) -> None:
        """Wait until the account has replied not long ago. Else what the run had reserved may be given to others."""
        while self._store.beat is not None and self._clock() - self._heard > _FRESH * self._store.patience:
            await self._reply()

    def _require(self) -> None:
        if self._error is not None:
            raise self._error

    async def _reply(self) -> None:
        """Wait for the next reply. Raises the error that ended the exchange."""
        self._require()
        await self._replied.wait()
        self._require()

    async def _work(self) -> None:
        """Send messages until the run has left the account."""
        gone = False
        while not gone and self._error is None:
            await self._nap()
            self._wanted.clear()
            if self._delayed is not None:
                self._delayed.cancel()
                self._delayed = None
            began = self._clock()
            wishes = [(wish, ask) for wish in self._wishes if (ask := self._still(wish)) is not None]
            sends = tuple(self._sends)
            wave = self._wave([ask for _, ask in wishes], sends)
            try:
                reply = await self._store.exchange(wave)
            except Exception as error:  # any: those who wait for a reply would wait for ever
                self._fail(_known(error))
                return
            for note in self._store.take_notes():
                self._say(note)
            if reply is None or reply.state == "absent":
                self._miss()
                continue
            self._heard = began
            self._take(wave, reply)
            self._answer(wishes, sends, reply)
            self._replied.set()
            self._replied = asyncio.Event()
            gone = wave.leaves and reply.state == "ok"

    async def _nap(self) -> None:
        """Wait until there is something to send, or until it is time for a sign of life or for asking again."""
        waits = [self._store.beat] if self._store.beat is not None else []
        if self._wishes or self._closing:
            waits.append(self._poll)
        if self._sends:
            waits.append(max(self._next_send - self._clock(), 0.0))
        try:
            await asyncio.wait_for(self._wanted.wait(), min(waits, default=None))
        except TimeoutError:
            return

    def _still(self, wish: _Wish) -> Ask | None:
        """What `wish` wants by now; None when it is no longer needed."""
        ask = wish.ask()
        if ask.calls and not wish.done.done():
            return ask
        self._wishes.remove(wish)
        if not wish.done.done():
            wish.done.set_result("granted")
        return None

    def _wave(self, asks: Sequence[Ask], sends: Sequence[_Send]) -> Wave:
        return Wave(
            self._name,
            epoch=self._epoch,
            life=self.life,
            spent=self.spent,
            held=self.held,
            final=self.final,
            unpriced=self.unpriced,
            acked=self._acked,
            seen=self.seen,
            asks=tuple(asks),
            sends=tuple(send.permit for send in sends),
            settled=tuple(self._settled),
            leaves=self._closing,
        )

    def _take(self, wave: Wave, reply: Reply) -> None:
        """Take what the account says of the run."""
        self._epoch, before, self.life = reply.epoch, self.life, reply.life
        if before and before != self.life:
            self.held = self.final = NOTHING
            self._lapsed()
        if reply.state == "ok":
            self._acked, self.seen = wave.spent, reply.total
            self._settled = self._settled[len(wave.settled) :]

    def _answer(self, wishes: Sequence[tuple[_Wish, Ask]], sends: Sequence[_Send], reply: Reply) -> None:
        """Tell those who wait what the account answers."""
        ended = [(wish, ask, said) for (wish, ask), said in zip(wishes, reply.asks, strict=False) if said != "wait"]
        for wish, ask, said in ended:
            if wish in self._wishes:
                self._wishes.remove(wish)
            if said == "granted":
                wish.take(ask)
            if not wish.done.done():
                wish.done.set_result(said)
        self._poll = _POLLS[0] if ended else min(2 * self._poll, _POLLS[1])
        for send, wait in zip(sends, reply.sends, strict=False):
            if not wait and not send.done.done():
                send.done.set_result(None)
        # A request that takes fewer tokens than estimated makes room before the window moves on.
        soonest = min((wait for wait in reply.sends if wait), default=0) / 1000
        self._next_send = self._clock() + min(soonest, _POLLS[1])
        self._sends = [send for send in self._sends if not send.done.done()]

    def _miss(self) -> None:
        """The account did not reply: try again after a while, but not for ever."""
        self._poll = min(2 * self._poll, _POLLS[1])
        self._next_send = self._clock() + self._poll
        if self._clock() - self._heard > self._longest:
            problem = f"the limits of the sweep could not be checked for {self._longest:g} seconds: their server is away"
            self._fail(CacheError(problem, hint="start the server; then the same command goes on"))

    def _fail(self, error: PromptwireError) -> None:
        """End the exchange: nothing may be sent without the account."""
        self._error = error
        waiting: list[asyncio.Future[Any]] = [one.done for one in self._wishes]
        for done in waiting + [one.done for one in self._sends]:
            if not done.done():
                done.set_exception(error)
                done.exception()
        self._wishes.clear()
        self._sends.clear()
        self._replied.set()


def _known(error: Exception) -> PromptwireError:
    """`error` for the user."""
    if isinstance(error, PromptwireError):
        return error
    known = CacheError(f"the limits of the sweep can't be kept: {type(error).__name__}: {error}")
    known.__cause__ = error
    return known
