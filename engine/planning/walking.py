"""Walk a graph with sizes in place of values: how often each step asks and scores, at least and at most.

The walk follows the scheduler: a loop's body is walked round by round, since states grow, until a round changes nothing any
more; the rest of the rounds are then alike. A state that still grows after many rounds is taken to grow without end, so that
a loop of a million rounds is planned in no time; what a node caps stays capped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from promptwire.bounds import NONE, ONE, UNKNOWN, Bound, Extent, Sizes
from promptwire.language.wires import elements, type_of
from promptwire.node import Role
from promptwire.planning.again import found_again
from promptwire.planning.count import Count
from promptwire.request import Settings
from promptwire.steps import CallStep, EachStep, Graph, Literally, PipeStep, Ref, RepeatStep, Step, Union, Wire
from promptwire.texts.templating import load
from promptwire.values import Examples, Failures, Model

__all__ = ["Sized", "walk"]

MANY_ROUNDS: Final = 300
TRIES: Final = 4
"""Times that a reply is asked for at most when its template says `fallback: retry`."""
_PERHAPS: Final = Extent(0, 1)
_UNSAID: Final = object()


@dataclass(frozen=True, slots=True)
class Sized:
    """What is known of a value before the run."""

    kind: type | None
    extent: Extent
    value: Any = _UNSAID
    """The value itself, of a param or a loop variable."""


@dataclass(slots=True)
class _Names:
    """Names in reach, with their ports; bodies see outwards."""

    found: dict[str, Mapping[str, Sized]]
    around: _Names | None = None
    again: RepeatStep | None = None
    """The loop that they are in, in all rounds but its first."""

    def look_up(self, ref: Ref) -> Sized:
        names: _Names | None = self
        while names is not None:
            if ref.name in names.found:
                ports = names.found[ref.name]
                return ports[ref.port] if ref.port else next(iter(ports.values()))
            names = names.around
        raise KeyError(str(ref))


@dataclass(slots=True)
class _Walk:
    counts: dict[str, Count] = field(default_factory=dict)
    limited: bool = False
    """Whether a limit may end a loop after any round."""
    roles: Mapping[Role, Settings] = field(default_factory=dict)
    """Settings by role of the pipeline that is walked."""

    def graph(self, graph: Graph, names: _Names, factor: Extent) -> None:
        for step in graph.steps.values():
            names.found[step.name] = self.step(step, names, factor)

    def step(self, step: Step, names: _Names, factor: Extent) -> Mapping[str, Sized]:
        """What `step` gives, by port; what it asks is counted `factor` times."""
        if isinstance(step, CallStep):
            return self.call(step, names, factor)
        if isinstance(step, RepeatStep):
            return self.repeat(step, names, factor)
        if isinstance(step, EachStep):
            return self.each(step, names, factor)
        if isinstance(step, PipeStep):
            return self.pipeline(step, names, factor)
        raise TypeError(f"unknown step {step!r}")

    def call(self, step: CallStep, names: _Names, factor: Extent) -> Mapping[str, Sized]:
        kind = step.type
        count = self.counts.setdefault(step.path, Count(step, roles=self.roles))
        ports = _ports(step, names)
        count.params = _params(step, names)
        returned, steady = found_again(step, names.again, lambda ref: names.look_up(ref).extent)
        sizes = Sizes(ports, _answers(step), returned, steady)
        bound = kind.bound(sizes, count.params) if kind.bound and count.params else None
        if bound is None:
            bound = Bound(asks=UNKNOWN if kind.slots else NONE, scores=UNKNOWN if kind.scores else NONE)
            count.known = False
        _note_shown(count, {**ports, **{port: Extent.exactly(n) for port, n in bound.shown.items()}}, names)
        count.converses |= bound.converses
        count.asks, count.scores = count.asks + bound.asks * _tries(step) * factor, count.scores + bound.scores * factor
        return {
            port: Sized(type_of(field.annotation), bound.outputs.get(port, UNKNOWN))
            for port, field in kind.outputs.model_fields.items()
        }

    def repeat(self, step: RepeatStep, names: _Names, factor: Extent) -> Mapping[str, Sized]:
        states = {
            name: Sized(carry.type, NONE if carry.start is None else _extent(carry.start, names, carry.type))
            for name, carry in step.carry.items()
        }
        rounds = _settled(step.rounds, names)
        turns = range(rounds) if isinstance(rounds, int) else tuple(rounds)
        early, ends = step.until is not None, states
        for place, turn in enumerate(turns):
            inner = _Names({name: {name: known} for name, known in states.items()}, names, step if place else None)
            if step.variable is not None:
                inner.found[step.variable] = {step.variable: _plain(turn)}
            times = factor * _PERHAPS if early and place else factor
            self.graph(step.body, inner, times)
            before, states = (
                states,
                {name: Sized(carry.type, _extent(carry.next, inner, carry.type)) for name, carry in step.carry.items()},
            )
            if place >= MANY_ROUNDS:
                states = {name: _widened(known, before[name]) for name, known in states.items()}
            ends = _hulls(ends, states) if (early and place) or self.limited else states
            if states == before and step.variable is None:
                left, inner.again = len(turns) - place - 1, step
                self.graph(step.body, inner, factor * Extent(0 if early else left, left))
                break
        return {**ends, "rounds": Sized(int, ONE)}

    def each(self, step: EachStep, names: _Names, factor: Extent) -> Mapping[str, Sized]:
        known = _settled(step.over, names) if _is_known(step.over, names) else None
        if known is not None:
            parts = [self._element(step, _plain(value), names, factor) for value in elements(known)]
        else:
            over = _sized(step.over, names)
            part = self._element(step, Sized(step.element, ONE.holding(over.extent.inside)), names, factor * over.extent)
            return {name: Sized(step.body.types[name], _times(found, over.extent)) for name, found in part.items()}
        return {name: Sized(kind, _joined([part[name] for part in parts])) for name, kind in step.body.types.items()}

    def _element(self, step: EachStep, element: Sized, names: _Names, factor: Extent) -> dict[str, Extent]:
        inner = _Names({step.variable: {step.variable: element}}, names)
        self.graph(step.body, inner, factor)
        return {name: _extent(wire, inner, None) for name, wire in step.body.outputs.items()}

    def pipeline(self, step: PipeStep, names: _Names, factor: Extent) -> Mapping[str, Sized]:
        graph = step.graph
        inputs = {
            name: Sized(graph.inputs[name], _extent(wire, names, graph.inputs[name])) for name, wire in step.wires.items()
        }
        params = {**graph.params, **{name: _settled(wire, names) for name, wire in step.params.items()}}
        inner = _inside(graph, inputs, params)
        around, self.roles = self.roles, _over(graph.models, self.roles)
        self.graph(graph, inner, factor)
        self.roles = around
        return {name: Sized(graph.types[name], _extent(wire, inner, graph.types[name])) for name, wire in graph.outputs.items()}


def walk(graph: Graph, inputs: Mapping[str, Extent], *, limited: bool = False) -> dict[str, Count]:
    """The count of each step of `graph` by its path, for `inputs` of these sizes."""
    found = _Walk(limited=limited, roles=graph.models)
    sized = {name: Sized(graph.inputs[name], extent) for name, extent in inputs.items()}
    found.graph(graph, _inside(graph, sized, graph.params), ONE)
    return found.counts


def _over(own: Mapping[Role, Settings], around: Mapping[Role, Settings]) -> dict[Role, Settings]:
    return {role: own.get(role, Settings()).over(around.get(role, Settings())) for role in {*own, *around}}


def _inside(graph: Graph, inputs: Mapping[str, Sized], params: Mapping[str, Any]) -> _Names:
    """The names that the steps of a pipeline see."""
    unset = {name: Sized(graph.inputs[name], NONE) for name in graph.optional}
    known = {**unset, **{name: _plain(value) for name, value in params.items()}, **inputs}
    return _Names({name: {name: sized} for name, sized in known.items()})


def _params(step: CallStep, names: _Names) -> Model | None:
    """The params of a call; None when one depends on something that only the run knows."""
    if not all(_is_known(wire, names) for wire in step.params.values()):
        return None
    return step.type.params.model_validate({name: _settled(wire, names) for name, wire in step.params.items()})


def _ports(step: CallStep, names: _Names) -> dict[str, Extent]:
    fields = step.type.inputs.model_fields
    return {port: _extent(wire, names, type_of(fields[port].annotation)) for port, wire in step.wires.items()}


def _note_shown(count: Count, ports: Mapping[str, Extent], names: _Names) -> None:
    """What the step's template is shown, by the names under which it reads it."""
    given = count.step.asking.given if count.step.asking else {}
    sized = {name: _sized(wire, names) for name, wire in given.items()}
    count.given = {name: known.kind for name, known in sized.items()}
    count.show({**ports, **{name: known.extent for name, known in sized.items()}})


def _fronts(step: CallStep) -> list[Any]:
    """How replies are read: by the step's template, and by the one in its place for models that can't fill gaps."""
    if step.type.slots is None or step.asking is None or step.asking.template is None:
        return []
    template = load(Path(step.asking.template))
    instead = template.front.instead
    others = [load(Path(template.path).with_name(instead)).front] if instead else []
    return [template.front.parse, *(front.parse for front in others)]


def _answers(step: CallStep) -> float:
    return UNKNOWN.most if any(parse.all for parse in _fronts(step)) else 1


def _tries(step: CallStep) -> Extent:
    return Extent(1, TRIES) if any(parse.fallback == "retry" for parse in _fronts(step)) else ONE


def _is_known(wire: Wire, names: _Names) -> bool:
    return isinstance(wire, Literally) or (isinstance(wire, Ref) and names.look_up(wire).value is not _UNSAID)


def _settled(wire: Wire, names: _Names) -> Any:
    """The value of a setting."""
    return wire.value if isinstance(wire, Literally) else names.look_up(wire).value if isinstance(wire, Ref) else None


def _plain(value: Any) -> Sized:
    """A value that is known."""
    return Sized(type(value), Extent.exactly(len(value)) if isinstance(value, list | tuple) else ONE, value)


def _sized(wire: Wire, names: _Names) -> Sized:
    if isinstance(wire, Ref):
        return names.look_up(wire)
    return _plain(wire.value) if isinstance(wire, Literally) else Sized(None, _extent(wire, names, None))


def _extent(wire: Wire, names: _Names, wanted: type | None) -> Extent:
    """The size of what is on `wire`, widened to the type `wanted`."""
    parts = [names.look_up(ref) for ref in wire.refs] if isinstance(wire, Union) else [_sized(wire, names)]
    sizes = [_as_examples(part.extent) if part.kind is Failures and wanted is Examples else part.extent for part in parts]
    whole = sizes[0]
    for size in sizes[1:]:
        whole = whole.joined(size)
    return whole


def _as_examples(groups: Extent) -> Extent:
    """The examples of failures: one may be in several groups."""
    return Extent(min(1, groups.least), (groups * groups.inside).most if groups.inside else 0)


def _times(part: Extent, over: Extent) -> Extent:
    """The joined outputs of so many elements: equal ones of different elements count once."""
    return Extent(part.least if over.least else 0, (part * over).most, part.inside)


def _joined(parts: list[Extent]) -> Extent:
    whole = NONE
    for part in parts:
        whole = whole.joined(part)
    return whole


def _hulls(first: Mapping[str, Sized], second: Mapping[str, Sized]) -> dict[str, Sized]:
    return {name: Sized(known.kind, first[name].extent.hull(known.extent)) for name, known in second.items()}


def _widened(now: Sized, before: Sized) -> Sized:
    """The state, and whatever it may still become if it goes on as it did."""
    if now.extent == before.extent:
        return now
    old, new = before.extent, now.extent
    least = new.least if new.least >= old.least else 0
    return Sized(
        now.kind, Extent(min(least, old.least), UNKNOWN.most if new.most > old.most else old.most, max(old.inside, new.inside))
    )
