"""Label streams, so that equal random requests of different steps get different samples.

The cache key of a sample holds its request, its stream and its number. The stream is the run's seed and the rounds around the
step. A label is added to the stream when several positions (step and element) make one request. Labels never depend on timing.
The first position has no label, so its completions are found in an older cache. These positions get a label:

- of steps with the same inputs, template and settings: all but the first written one;
- of the elements of an `each`: all but the first, if the step reads nothing of its element; otherwise each that equals an
  earlier one;
- steps that run after another step made the same request, such as those of a second loop.

Steps that run concurrently and arrive at the same request in different ways share its samples. Shared samples are counted.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from promptwire.graph.steps import CallStep, EachStep, Graph, LiteralValue, PipeStep, RefUnion, RepeatStep, Step, Wire
from promptwire.graph.wires import refs_of
from promptwire.values.hashing import digest

__all__ = ["SHARED", "StepPosition", "Streams"]

SHARED: Final = "samples shared with an equal question"
"""Name of the count of samples that concurrent steps share."""


@dataclass(frozen=True, slots=True)
class StepPosition:
    """Position of a request: the step's path, and the element of each `each` around it."""

    path: str
    element: str = ""
    """Numbers of the elements, such as `/2/0`."""
    twin: str = ""
    """For each element, how many equal elements come before it, such as `/0/1`."""


@dataclass(slots=True)
class _Owner:
    label: str
    samples: set[int]
    shared: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Names and the sources of their values, while a graph is read."""

    names: MutableMapping[str, str]
    eaches: int = 0
    """Number of `each` steps around."""
    own: MutableMapping[str, int] = field(default_factory=dict)
    """For a name, how many `each` steps are around its definition."""

    def source(self, wire: Wire) -> str:
        """Return the source of the value of `wire`."""
        if isinstance(wire, LiteralValue):
            return repr(wire.value)
        if isinstance(wire, RefUnion):
            return "+".join(self.source(ref) for ref in wire.refs)
        return f"{self.names.get(wire.name, wire.name)}.{wire.port or ''}"

    def depth(self, wire: Wire) -> int:
        """Return how many `each` steps are around the definition that `wire` reads."""
        return max((self.own.get(ref.name, 0) for ref in refs_of(wire)), default=0)

    def inside(self, names: Mapping[str, str], *, each: bool = False) -> _Scope:
        eaches = self.eaches + each
        own = ChainMap(dict.fromkeys(names, eaches), self.own)
        return replace(self, names=ChainMap(dict(names), self.names), eaches=eaches, own=own)


class Streams:
    """Stream labels of one run."""

    def __init__(self) -> None:
        self._needs: dict[str, tuple[str, ...]] = {}
        self._eaches: set[str] = set()
        self._twins: dict[str, int] = {}
        self._depths: dict[str, int] = {}
        """By path, how many of the `each` steps around a step its requests depend on."""
        self._owners: dict[str, dict[StepPosition, _Owner]] = {}

    def learn(self, graph: Graph) -> None:
        """Read the structure of the run's graph."""
        seen: dict[str, int] = {}
        names = {**{name: f"in {name}" for name in graph.inputs}, **{name: repr(value) for name, value in graph.params.items()}}
        for path, form in self._read(graph, _Scope(names)):
            self._twins[path] = seen.get(form, 0)
            seen[form] = self._twins[path] + 1

    def label(self, question: str, position: StepPosition, first: int, n: int) -> tuple[str, Mapping[str, int]]:
        """Return the label of a request's samples at `position`, and the number of newly shared samples by path.

        The samples are those from `first` to `first + n - 1`.
        """
        owners = self._owners.setdefault(question, {})
        wanted = set(range(first, first + n))
        mine = owners.get(position)
        if mine is None:
            before = {one.label for other, one in owners.items() if one.samples & wanted and self._follows(position, other)}
            base, again = self._base(position), 0
            label = base
            while label in before:
                again += 1
                label = f"{base}+{again}"
            mine = owners[position] = _Owner(label, set())
        mine.samples |= wanted
        found: dict[str, int] = {}
        for other, one in owners.items():
            both = one.samples & wanted
            if one is mine or one.label != mine.label or not both:
                continue
            for path, owner in ((position.path, mine), (other.path, one)):
                if fresh := both - owner.shared:
                    owner.shared |= fresh
                    found[path] = found.get(path, 0) + len(fresh)
        return mine.label, found

    def _base(self, position: StepPosition) -> str:
        """Label that tells `position` from others known to make the same request; empty for the first of them."""
        depth = self._depths.get(position.path)
        numbers, twins = position.element.split("/")[1:], position.twin.split("/")[1:]
        if depth is not None:
            twins = [*twins[:depth], *numbers[depth:]]
        twin = self._twins.get(position.path, 0)
        return f"~{twin}/{'/'.join(twins)}" if twin or any(number != "0" for number in twins) else ""

    def _follows(self, position: StepPosition, other: StepPosition) -> bool:
        """Whether `position` always runs after `other` is done."""
        mine, theirs = position.path.split("."), other.path.split(".")
        around = 0
        for depth, (one, two) in enumerate(zip(mine, theirs, strict=False), 1):
            path = ".".join(mine[:depth])
            if one != two:
                same = position.element.split("/")[1 : around + 1] == other.element.split("/")[1 : around + 1]
                return same and self._leads(".".join(theirs[:depth]), path)
            around += path in self._eaches
        return False

    def _leads(self, start: str, end: str) -> bool:
        """Whether the step `end` depends on `start`, directly or through other steps of the same graph."""
        seen: set[str] = set()
        left = [end]
        while left:
            needs = [need for need in self._needs.get(left.pop(), ()) if need not in seen]
            if start in needs:
                return True
            seen.update(needs)
            left += needs
        return False

    def _read(self, graph: Graph, scope: _Scope) -> Iterator[tuple[str, str]]:
        """Yield the path of each step that asks a model, with a hash of the parts of its requests."""
        inner = scope.inside({name: f"step {step.path}" for name, step in graph.steps.items()})
        for step in graph.steps.values():
            self._needs[step.path] = tuple(graph.steps[one].path for one in step.needs if one in graph.steps)
            yield from self._step(step, inner)

    def _step(self, step: Step, scope: _Scope) -> Iterator[tuple[str, str]]:
        if isinstance(step, CallStep):
            if step.asking is not None and step.type.slots is not None:
                given = {f"with {name}": wire for name, wire in step.given.items()}
                wires = {**step.wires, **step.params, **given, **step.varying}
                self._depths[step.path] = max((scope.depth(wire) for wire in wires.values()), default=0)
                yield step.path, _form(step, {name: scope.source(wire) for name, wire in wires.items()})
        elif isinstance(step, RepeatStep):
            states = {
                name: f"state {name} {scope.source(carry.start) if carry.start else ''}" for name, carry in step.carry.items()
            }
            turn = {step.variable: f"turn {scope.source(step.rounds)}"} if step.variable else {}
            yield from self._read(step.body, scope.inside({**states, **turn}))
        elif isinstance(step, EachStep):
            self._eaches.add(step.path)
            yield from self._read(step.body, scope.inside({step.variable: f"each {scope.source(step.over)}"}, each=True))
        elif isinstance(step, PipeStep):
            graph = step.graph
            plain = {name: repr(value) for name, value in graph.params.items()}
            wired = {name: scope.source(wire) for name, wire in {**step.params, **step.wires}.items()}
            depths = {name: scope.depth(wire) for name, wire in {**step.params, **step.wires}.items()}
            yield from self._read(graph, _Scope({**plain, **wired}, scope.eaches, depths))


def _form(step: CallStep, sources: Mapping[str, str]) -> str:
    """Return a hash of everything that decides the requests of a step."""
    asking: Any = step.asking
    how = [asking.role, asking.template, asking.settings.model_dump(mode="json"), asking.cache]
    return digest([step.type.name, how, dict(sources)])
