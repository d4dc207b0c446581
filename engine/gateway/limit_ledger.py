"""Account of what several runs spend together, and of what each has reserved: the rules of a shared budget.

`promptwire.shared.shared_limits` holds the same rules as a script for Redis.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from promptwire.gateway.limit_wave import MINUTE, NOTHING, Amount, Answer, Ask, Caps, Permit, Reply, Wave

__all__ = ["Ledger"]


@dataclass(slots=True)
class _Holder:
    """One holder, as the account knows it."""

    life: int = 1
    spent: Amount = NOTHING
    held: Amount = NOTHING
    final: Amount = NOTHING
    until: int = 0
    """When it counts as dead without another wave; 0 when it does already."""


@dataclass(slots=True)
class _Window:
    """Requests to one model in the last minute."""

    sent: deque[tuple[int, str]] = field(default_factory=deque)
    tokens: dict[str, int] = field(default_factory=dict)
    total: int = 0

    def forget(self, now: int) -> None:
        """Forget what is older than a minute."""
        while self.sent and self.sent[0][0] + MINUTE <= now:
            self.total -= self.tokens.pop(self.sent.popleft()[1])

    def settle(self, permit: Permit) -> None:
        """Replace an estimate by the tokens that a request took."""
        if permit.name in self.tokens:
            self.total += permit.tokens - self.tokens[permit.name]
            self.tokens[permit.name] = permit.tokens

    def admit(self, permit: Permit, caps: Caps, now: int) -> int:
        """Milliseconds until a request may be sent. One that may counts from now on."""
        if permit.name in self.tokens:
            return 0  # the reply to its first wave was lost
        most, room, until = caps.requests_per_minute, caps.tokens_per_minute, now
        if most is not None and len(self.sent) >= most:
            until = self.sent[len(self.sent) - most][0] + MINUTE
        taken = self.total
        for when, name in self.sent if room is not None else ():
            if taken + permit.tokens <= (room or 0):
                break
            # A request larger than the limit is sent when its minute holds no other.
            until = max(until, when + MINUTE) if self.tokens[name] else until
            taken -= self.tokens[name]
        if until == now:
            self.sent.append((now, permit.name))
            self.tokens[permit.name] = permit.tokens
            self.total += permit.tokens
        return until - now


@dataclass(slots=True)
class Ledger:
    """The account in the memory of one process."""

    caps: Caps
    """The limits."""
    total: Amount = NOTHING
    """What all have spent."""
    patience: int = 0
    """Milliseconds without a wave after which a holder counts as dead; 0 is never."""
    held: Amount = NOTHING
    """Calls in flight of all."""
    final: Amount = NOTHING
    """Calls of all that are reserved for comparisons."""
    unpriced: bool = False
    """Whether a price was unknown."""
    _holders: dict[str, _Holder] = field(default_factory=dict)
    _windows: dict[str, _Window] = field(default_factory=dict)

    def exchange(self, wave: Wave, now: int) -> Reply:
        """Take what a holder tells at `now`, in milliseconds, and answer what it asks."""
        known = self._holders.get(wave.holder)
        if known is None and wave.life:
            return Reply("ok", 1, wave.life, self.total)  # it has left, and its last wave came twice
        holder = known or self._holders.setdefault(wave.holder, _Holder(0))
        lapsed = not holder.until or holder.life != wave.life
        if lapsed:
            self._drop(holder)
            holder.life = max(holder.life, wave.life) + 1
        holder.until = now + self.patience if self.patience else 1
        self._bury(now)
        self._tell(holder, wave, lapsed=lapsed)
        gone = lapsed and wave.life > 0
        asks = tuple("wait" if gone else self._answer(ask, holder) for ask in wave.asks)
        sends = self._admit(wave, now)
        if wave.leaves:
            self._drop(holder)
            del self._holders[wave.holder]
        return Reply("lapsed" if gone else "ok", 1, holder.life, self.total, asks, sends)

    def _bury(self, now: int) -> None:
        """Give back what dead holders have reserved. What they have spent stays."""
        for holder in self._holders.values() if self.patience else ():
            if 0 < holder.until <= now:
                self._drop(holder)
                holder.until = 0

    def _drop(self, holder: _Holder) -> None:
        self.held, self.final = self.held.minus(holder.held), self.final.minus(holder.final)
        holder.held = holder.final = NOTHING

    def _tell(self, holder: _Holder, wave: Wave, *, lapsed: bool) -> None:
        """Take what the holder has spent and holds."""
        self.total, holder.spent = self.total.plus(wave.spent.minus(holder.spent)), wave.spent
        self.unpriced |= wave.unpriced
        if not lapsed:
            self.held, holder.held = self.held.plus(wave.held.minus(holder.held)), wave.held
            self.final, holder.final = self.final.plus(wave.final.minus(holder.final)), wave.final

    def _answer(self, ask: Ask, holder: _Holder) -> Answer:
        """Reserve what `ask` wants, or say why not."""
        amount = Amount(ask.calls, ask.tokens)
        if not self._over(ask, held=True, final=True):
            if ask.final:
                self.final, holder.final = self.final.plus(amount), holder.final.plus(amount)
            else:
                self.held, holder.held = self.held.plus(amount), holder.held.plus(amount)
            return "granted"
        # A run that has not started holds nothing that others wait for, so it may wait for their comparisons too.
        return self._over(ask, held=False, final=not ask.final) or "wait"

    def _over(self, ask: Ask, *, held: bool, final: bool) -> Answer | None:
        """The limit that `ask` would exceed, when calls in flight and reserved comparisons count."""
        caps, total = self.caps, self.total
        calls = self.held.calls * held + self.final.calls * final
        tokens = total.tokens + self.held.tokens * held + self.final.tokens * final
        if caps.calls is not None and total.calls + calls + ask.calls > caps.calls:
            return "calls"
        if caps.tokens is not None and (tokens >= caps.tokens or tokens + ask.tokens > caps.tokens):
            return "tokens"
        if caps.nano is None:
            return None
        if self.unpriced:
            return "price"
        mean = total.nano / total.calls if total.calls else 0.0
        used = total.nano + calls * mean
        return "usd" if used >= caps.nano or used + ask.calls * ask.final * mean > caps.nano else None

    def _admit(self, wave: Wave, now: int) -> tuple[int, ...]:
        """Milliseconds until each request may be sent, in order: none before one to the same model that came earlier."""
        for permit in wave.settled:
            self._window(permit.lane, now).settle(permit)
        waits: dict[str, int] = {}
        found: list[int] = []
        for permit in wave.sends:
            if not waits.get(permit.lane):
                waits[permit.lane] = self._window(permit.lane, now).admit(permit, self.caps, now)
            found.append(waits[permit.lane])
        return tuple(found)

    def _window(self, lane: str, now: int) -> _Window:
        window = self._windows.setdefault(lane, _Window())
        window.forget(now)
        return window
