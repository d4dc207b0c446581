"""What a later round of a loop finds again on a node's inputs.

A node that is given back what it gave the round before, such as a race with the rows it has paid for, pays only for what is
new. Its sizes alone can't say so: four prompts that survived and four that are new look alike. The wires can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from promptwire.bounds import NONE, Extent
from promptwire.graph.steps import CallStep, LiteralValue, Ref, RefUnion, RepeatStep, Wire

__all__ = ["found_again"]


def found_again(
    step: CallStep, loop: RepeatStep | None, size: Callable[[Ref], Extent]
) -> tuple[Mapping[str, Extent], frozenset[str]]:
    """By port, what there is beside the node's own output of the same name; and the ports that hold the same as before.

    Nothing for a step that is not in the body of `loop` itself, or that has a param which may differ from round to round.
    """
    if (
        loop is None
        or loop.body.steps.get(step.name) is not step
        or not all(_same(wire, loop) for wire in step.params.values())
    ):
        return {}, frozenset()
    returned = {}
    for port, wire in step.wires.items():
        refs = _refs(wire)
        own = [ref for ref in refs if _is_own(ref, port, step, loop)]
        if own:
            others = [size(ref) for ref in refs if ref not in own]
            returned[port] = others[0] if others else NONE
            for other in others[1:]:
                returned[port] = returned[port].joined(other)
    return returned, frozenset(port for port, wire in step.wires.items() if _same(wire, loop))


def _refs(wire: Wire) -> tuple[Ref, ...]:
    return wire.refs if isinstance(wire, RefUnion) else (wire,) if isinstance(wire, Ref) else ()


def _same(wire: Wire, loop: RepeatStep) -> bool:
    """Whether it comes from outside of the loop."""
    inside = {*loop.body.steps, *loop.carry, loop.variable}
    return isinstance(wire, LiteralValue) or (bool(_refs(wire)) and not any(ref.name in inside for ref in _refs(wire)))


def _is_own(ref: Ref, port: str, step: CallStep, loop: RepeatStep) -> bool:
    """Whether `ref` is a state that becomes the step's own output called `port`."""
    carry = loop.carry.get(ref.name)
    if carry is None or not isinstance(carry.next, Ref) or carry.next.name != step.name:
        return False
    return (carry.next.port or next(iter(step.type.outputs.model_fields))) == port
