"""The checked graph: the input of planning, drawing and running.

Names are resolved and types are known; YAML, files and models are not needed any more. A loop and a pipeline used as a node are
steps that own a graph, so code that walks a graph is recursive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.errors import Location
from promptwire.graph.port_types import type_of
from promptwire.graph.step_keys import OnError
from promptwire.limits import Limits
from promptwire.local_settings import LocalSettings
from promptwire.node import NodeType, Role
from promptwire.values import Model
from promptwire.values.members import MembersPort

__all__ = [
    "MOST_KNOWN_ROUNDS",
    "ROUND",
    "CallStep",
    "Carry",
    "Condition",
    "EachStep",
    "Gate",
    "Graph",
    "LiteralValue",
    "ModelCallSpec",
    "PipeStep",
    "Ref",
    "RefUnion",
    "RepeatStep",
    "Step",
    "TemplateSpec",
    "Wire",
]


NOWHERE = Location("")
ROUND: Final = "round"
"""Name of the number of a loop's round, from 1."""
MOST_KNOWN_ROUNDS: Final = 500
"""Most rounds of a loop in which the number of the round is known before the run, so that it can be a setting."""
Kind = type
"""Name for `type` in a class that has a field of that name."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference `$name` or `$name.port` to an input, param, loop variable, state or output."""

    name: str
    port: str | None = None
    """None means the main output."""
    location: Location = NOWHERE
    as_set: bool = False
    """Whether it reads the set of one value, or of none: the step of a single value may not be run."""

    def __str__(self) -> str:
        return f"${self.name}" + (f".{self.port}" if self.port else "")


@dataclass(frozen=True, slots=True)
class RefUnion:
    """A list of references: their union in the written order."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class LiteralValue:
    """A value written in the file."""

    value: Any


Wire = Ref | RefUnion | LiteralValue


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a step: `when:` or `unless:`."""

    refs: tuple[Ref, ...]
    """Values of which one must count as true: a Bool itself, a set when it is not empty."""
    wanted: bool
    """True for `when`, false for `unless`."""

    def __str__(self) -> str:
        refs = ", ".join(map(str, self.refs))
        return f"{'when' if self.wanted else 'unless'} {refs if len(self.refs) == 1 else f'[{refs}]'}"

    @property
    def key(self) -> tuple[str, ...]:
        """What it reads. `when` and `unless` of the same key exclude each other."""
        return tuple(sorted(map(str, self.refs)))


@dataclass(frozen=True, slots=True)
class Gate:
    """What a step depends on to be run, and the types of the empty outputs that it gives otherwise."""

    conditions: tuple[Condition, ...]
    """All of them must hold."""
    outputs: Mapping[str, type]
    """Python type of each output."""

    def __str__(self) -> str:
        return ", ".join(map(str, self.conditions))


@dataclass(frozen=True, slots=True)
class ModelCallSpec:
    """Engine keys of a step that calls a model: role, template, settings, error handling."""

    role: Role
    template: str | None = None
    """Path of the template; None means the task's own (scoring)."""
    settings: Settings = field(default_factory=Settings)
    """Settings of the step; they take precedence over those of the template and the role."""
    given: Mapping[str, Wire] = field(default_factory=dict)
    """Wires of `with:`."""
    metric: str | None = None
    """Name of the metric; None means the task's own."""
    cache: CachePolicy | None = None
    """None means the run's policy."""
    on_error: OnError = "fail"
    """What happens after all tries of a call failed."""
    retries: int = 3
    """With `on_error: retry`: how often the tries start again."""
    max_failed: float = 1.0
    """With `on_error: skip`: share of a node's calls that may fail before the node fails."""

    @property
    def rounds(self) -> int:
        """How often the tries of a call start again before it fails."""
        return self.retries if self.on_error == "retry" else 0


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    """Engine keys of a step that renders a template without a model."""

    template: str
    """Path of the template."""
    given: Mapping[str, Wire] = field(default_factory=dict)
    """Wires of `with:`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a graph."""

    name: str
    path: str
    """Dotted path from the top, such as `search.expand.edits`."""
    location: Location
    needs: frozenset[str]
    """Names of steps in the same graph that must finish first."""
    gate: Gate | None = field(default=None, kw_only=True)
    """Its `when:` and `unless:`; None when it is always run."""


@dataclass(frozen=True, slots=True)
class CallStep(Step):
    """A call of a node type."""

    type: NodeType
    wires: Mapping[str, Wire]
    params: Mapping[str, Wire]
    """Literals, or references to params and loop variables, which are resolved when the step runs."""
    asking: ModelCallSpec | None
    """Keys of its model calls; None when it calls no model."""
    rendering: TemplateSpec | None = None
    """Its template, when it is rendered without a model."""
    members: Kind | None = None
    """Python type of the set on its port of type Members; None without one."""

    @property
    def template(self) -> str | None:
        """Path of its own template; None when it has none."""
        spec = self.asking or self.rendering
        return spec.template if spec else None

    @property
    def given(self) -> Mapping[str, Wire]:
        """Wires of `with:`."""
        spec = self.asking or self.rendering
        return spec.given if spec else {}

    @property
    def inputs(self) -> Mapping[str, Kind]:
        """Python type of each input."""
        return _kinds(self.type.inputs, self.members)

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """Python type of each output."""
        return _kinds(self.type.outputs, self.members)


def _kinds(model: type[Model], members: type | None) -> dict[str, type]:
    """Types of the ports in `model`; of a port of type Members, `members` if they are known."""
    kinds = {port: type_of(field.annotation) for port, field in model.model_fields.items()}
    return {port: members or kind if kind is MembersPort else kind for port, kind in kinds.items()}


@dataclass(frozen=True, slots=True)
class PipeStep(Step):
    """A pipeline used as a node."""

    graph: Graph
    wires: Mapping[str, Wire]
    params: Mapping[str, Wire]
    limits: Mapping[str, Wire] = field(default_factory=dict)
    """Limits of the stage, by name; see `promptwire.limits.StageLimits`. Empty when it has none."""


@dataclass(frozen=True, slots=True)
class Carry:
    """A state that a loop carries from round to round."""

    type: type
    """Python type of its value."""
    start: Wire | None
    """Value in the first round; None means the empty value of `type`."""
    next: Wire
    """Value for the next round."""


@dataclass(frozen=True, slots=True)
class RepeatStep(Step):
    """A loop: `body` runs once per round."""

    rounds: Wire
    """Number of rounds, or the list that `variable` runs over."""
    variable: str | None
    until: tuple[Ref, ...]
    """Values of the body, read after each round. One that counts as true ends the loop."""
    carry: Mapping[str, Carry]
    body: Graph
    numbered: bool = field(default=False, kw_only=True)
    """Whether the body reads the number of the round, `$round`."""


@dataclass(frozen=True, slots=True)
class EachStep(Step):
    """A sub-graph per element of a set. Elements run concurrently; outputs are joined in element order."""

    variable: str
    over: Wire
    element: type
    """Python type of one element."""
    body: Graph


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph: inputs, params, outputs, and steps in an order in which they could run.

    The body of a loop is a graph without inputs and params. It sees the enclosing names.
    """

    name: str
    doc: str
    inputs: Mapping[str, type]
    """Python type of each input."""
    params: Mapping[str, Any]
    """Value of each param: the default, or the value from the command line."""
    steps: Mapping[str, Step]
    outputs: Mapping[str, Wire]
    """The first is the main output. Empty for a loop's body; for an `each` body, the outputs to join."""
    types: Mapping[str, type]
    """Python type of each output."""
    models: Mapping[Role, Settings] = field(default_factory=dict)
    """Settings by role. Settings of a step or template take precedence."""
    local: Mapping[Role, LocalSettings] = field(default_factory=dict)
    """Settings of local models by role; those of an inner pipeline have no effect."""
    limits: Limits = Limits()
    optional: frozenset[str] = frozenset()
    """Inputs that may be unset."""
