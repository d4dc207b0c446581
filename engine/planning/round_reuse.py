"""Reuse between rounds of a loop: a node's own earlier outputs on its inputs.

A node may get back its output of the previous round, such as a race that gets its paid scores. It then pays only for new rows.
Sizes do not show this: four surviving prompts and four new ones have the same size. The wires show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from promptwire.bounds import NONE, Extent
from promptwire.graph.steps import ROUND, CallStep, LiteralValue, Ref, RepeatStep, Wire
from promptwire.graph.wires import refs_of

__all__ = ["found_again"]


def found_again(
    step: CallStep, loop: RepeatStep | None, size: Callable[[Ref], Extent]
) -> tuple[Mapping[str, Extent], frozenset[str]]:
    """Ports that carry the step's own previous output, and ports that never change.

    The first result holds, by port, the size of the values that are not the node's own output of the same name. Both are empty
    for a step outside the body of `loop` itself, and for a step with a param that may differ between rounds.
    """
    if (
        loop is None
        or loop.body.steps.get(step.name) is not step
        or not all(_same(wire, loop) for wire in step.params.values())
    ):
        return {}, frozenset()
    returned = {}
    for port, wire in step.wires.items():
        refs = refs_of(wire)
        own = [ref for ref in refs if _is_own(ref, port, step, loop)]
        if own:
            others = [size(ref) for ref in refs if ref not in own]
            returned[port] = others[0] if others else NONE
            for other in others[1:]:
                returned[port] = returned[port].joined(other)
    return returned, frozenset(port for port, wire in step.wires.items() if _same(wire, loop))


def _same(wire: Wire, loop: RepeatStep) -> bool:
    """Whether the value on `wire` is the same in every round: it comes from outside the loop."""
    inside = {*loop.body.steps, *loop.carry, loop.variable, *([ROUND] if loop.numbered else [])}
    return isinstance(wire, LiteralValue) or (bool(refs_of(wire)) and not any(ref.name in inside for ref in refs_of(wire)))


def _is_own(ref: Ref, port: str, step: CallStep, loop: RepeatStep) -> bool:
    """Whether `ref` is a state whose next value is the step's own output `port`."""
    carry = loop.carry.get(ref.name)
    if carry is None or not isinstance(carry.next, Ref) or carry.next.name != step.name:
        return False
    return (carry.next.port or next(iter(step.type.outputs.model_fields))) == port
