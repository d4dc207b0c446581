"""Runs of a sweep as a test plays them against an account: they ask, call, stop, die, freeze, and lose replies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from promptwire.gateway.limit_wave import NOTHING, Amount, Ask, Permit, Reply, Wave

__all__ = ["Player", "moves", "play"]

Exchange = Callable[[Wave], Awaitable[Reply]]


@dataclass
class Player:
    """One run. It keeps to the rules: it calls only what it was granted."""

    name: str
    epoch: int = 0
    life: int = 0
    spent: Amount = NOTHING
    held: Amount = NOTHING
    final: Amount = NOTHING
    acked: Amount = NOTHING
    seen: Amount = NOTHING
    unpriced: bool = False
    granted: int = 0
    permits: int = 0
    settled: list[Permit] = field(default_factory=list)

    def wave(self, *asks: Ask, sends: tuple[Permit, ...] = (), leaves: bool = False) -> Wave:
        told = {name: getattr(self, name) for name in ("epoch", "life", "spent", "held", "final", "acked", "seen", "unpriced")}
        return Wave(self.name, **told, asks=asks, sends=sends, settled=tuple(self.settled), leaves=leaves)

    def take(self, wave: Wave, reply: Reply) -> None:
        """What a run does with a reply."""
        if self.life and self.life != reply.life:
            self.held = self.final = NOTHING
        self.epoch, self.life = reply.epoch, reply.life
        if reply.state == "ok":
            self.acked, self.seen, self.settled = wave.spent, reply.total, []
        for ask, answer in zip(wave.asks, reply.asks, strict=False):
            if answer == "granted":
                amount = Amount(ask.calls, ask.tokens)
                self.granted += ask.calls
                if ask.final:
                    self.final = self.final.plus(amount)
                else:
                    self.held = self.held.plus(amount)

    def end(self, tokens: int, nano: int, *, paid: bool) -> None:
        """One call in flight ends."""
        if self.held.calls:
            each = self.held.tokens // self.held.calls if self.held.calls > 1 else self.held.tokens
            self.held = self.held.minus(Amount(1, each))
            if paid:
                self.spent = self.spent.plus(Amount(1, tokens, nano))

    def draw(self) -> None:
        """Take one call from the reserved comparison."""
        if self.final.calls:
            each = self.final.tokens // self.final.calls if self.final.calls > 1 else self.final.tokens
            self.final, self.held = self.final.minus(Amount(1, each)), self.held.plus(Amount(1, each))


MOVES = ("ask", "ask", "ask", "start", "settle", "settle", "cancel", "draw", "tell", "lose", "send", "sent", "leave", "wait")
_move = st.tuples(st.sampled_from(MOVES), st.integers(0, 2), st.integers(1, 4), st.integers(0, 90), st.integers(0, 5000))


def moves(*more: str) -> st.SearchStrategy[Any]:
    """Moves of three players, with `more` kinds of them."""
    rare = st.tuples(
        st.sampled_from((*MOVES, *more)), st.integers(0, 2), st.integers(1, 4), st.integers(0, 90), st.integers(0, 5000)
    )
    return st.lists(rare if more else _move, max_size=40)


async def play(players: list[Player], move: tuple[str, int, int, int, int], exchange: Exchange) -> tuple[Wave, Reply] | None:
    """Make one move; return the wave that was sent for it, with its reply."""
    kind, who, calls, tokens, nano = move
    player = players[who]
    if kind in ("settle", "cancel"):
        player.end(tokens, nano, paid=kind == "settle")
        return None
    if kind == "draw":
        player.draw()
        return None
    if kind == "sent":
        player.settled.append(Permit(f"{player.name}:{calls}", tokens, "xy"[calls % 2]))
        return None
    asks = (Ask(calls, calls * tokens, final=kind == "start"),) if kind in ("ask", "start", "lose") else ()
    sends: tuple[Permit, ...] = ()
    if kind == "send":
        player.permits += calls
        numbers = range(player.permits - calls, player.permits)
        sends = tuple(Permit(f"{player.name}:{number}", tokens, "xy"[number % 2]) for number in numbers)
    if kind == "leave":
        player.held = player.final = NOTHING
    wave = player.wave(*asks, sends=sends, leaves=kind == "leave")
    reply = await exchange(wave)
    if kind == "lose":  # the reply is lost, and the same is asked once more
        reply = await exchange(wave)
    player.take(wave, reply)
    if kind == "leave":
        players[who] = Player(f"{player.name}+")
    return wave, reply
