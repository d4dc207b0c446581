"""What is known of one call before a run: its params, its engine keys, the sizes of its inputs, how its texts are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptwire.bounds import ONE, UNKNOWN, Extent
from promptwire.graph.model_calls import RETRIES, resolved
from promptwire.graph.steps import CallStep, Wire
from promptwire.planning.call_bounds import CallBounds
from promptwire.planning.sizes import SizeScope, is_known, known_value, measure, size_up
from promptwire.templating.parsing import Parse
from promptwire.templating.template import load_template
from promptwire.values import Model

__all__ = ["answers_of", "known_step", "note_shown", "params_of", "ports_of", "tries_of"]


def params_of(step: CallStep, scope: SizeScope) -> Model | None:
    """Params of a call; None when one is known only during the run."""
    if not all(is_known(wire, scope) for wire in step.params.values()):
        return None
    return step.type.params.model_validate({name: known_value(wire, scope) for name, wire in step.params.items()})


def known_step(step: CallStep, scope: SizeScope) -> CallStep:
    """`step` with the values of references in its engine keys, as far as they are known."""
    if not step.varying:
        return step

    def value(wire: Wire) -> Any:
        return known_value(wire, scope)

    def known(wire: Wire) -> bool:
        return is_known(wire, scope)

    asking, rendering = step.asking, step.rendering
    return replace(
        step,
        asking=resolved(asking, value, known) if asking else None,
        rendering=resolved(rendering, value, known) if rendering else None,
    )


def ports_of(step: CallStep, scope: SizeScope) -> dict[str, Extent]:
    """Sizes of the inputs of a call."""
    wanted = step.inputs
    return {port: measure(wire, scope, wanted[port]) for port, wire in step.wires.items()}


def note_shown(bounds: CallBounds, ports: Mapping[str, Extent], scope: SizeScope) -> None:
    """Note the sizes of the template's variables, by name."""
    sized = {name: size_up(wire, scope) for name, wire in bounds.step.given.items()}
    bounds.given = {name: known.kind for name, known in sized.items()}
    bounds.given_values = {name: known_value(wire, scope) for name, wire in bounds.step.given.items() if is_known(wire, scope)}
    bounds.show({**ports, **{name: known.extent for name, known in sized.items()}})


def _parses(step: CallStep) -> list[Parse]:
    """How texts are parsed: by the step's template, and by its fallback for models without infill."""
    if step.type.slots is None or step.template is None:
        return []
    template = load_template(Path(step.template), named=step.type.named, parse=step.parse)
    return [each.front.parse for each in (template, template.fallback()) if each]


def answers_of(step: CallStep) -> float:
    """Most answers of one text: 1, or infinite when its parser takes all matches."""
    return UNKNOWN.most if any(parse.all for parse in _parses(step)) else 1


def tries_of(step: CallStep) -> Extent:
    """How often one text is asked for: again, when it can't be read and the template says so."""
    return Extent(1, RETRIES + 1) if any(parse.fallback == "retry" for parse in _parses(step)) else ONE
