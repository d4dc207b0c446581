"""The checked graph: the input of planning, drawing and running.

Names are resolved and types are known; YAML, files and models are not needed any more. A loop and a pipeline used as a node are
steps that own a graph, so code that walks a graph is recursive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from promptwire.backend import Settings
from promptwire.errors import Location
from promptwire.graph.model_calls import ModelCallSpec, TemplateSpec
from promptwire.graph.port_types import type_of
from promptwire.graph.wires import MOST_KNOWN_ROUNDS, ROUND, Condition, Gate, LiteralValue, Ref, RefUnion, Wire
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


Kind = type
"""Name for `type` in a class that has a field of that name."""


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
        """Path of its own template; None when it has none. Of several templates, the first."""
        spec = self.asking or self.rendering
        return spec.template if spec else None

    @property
    def varying(self) -> Mapping[str, Wire]:
        """Wires of engine keys whose value is a reference, by the path of the key."""
        spec = self.asking or self.rendering
        return spec.varying.wires if spec and spec.varying else {}

    @property
    def templates(self) -> tuple[str, ...]:
        """Paths of all templates that it may render."""
        spec = self.asking or self.rendering
        paths = (*(spec.varying.paths.values() if spec.varying else ()), spec.template) if spec else ()
        return tuple(dict.fromkeys(path for path in paths if path))

    @property
    def parse(self) -> Mapping[str, Any] | None:
        """Its own rule to read replies, in place of its template's; None without one."""
        spec = self.asking or self.rendering
        return spec.parse if spec else None

    @property
    def given(self) -> Mapping[str, Wire]:
        """Wires of `with:`."""
        spec = self.asking or self.rendering
        return spec.given if spec else {}

    @property
    def only_reads(self) -> bool:
        """Whether it takes `on` and gets no examples: it reads scores and calls no model."""
        return "on" in self.type.inputs.model_fields and "on" not in self.wires

    @property
    def inputs(self) -> Mapping[str, Kind]:
        """Python type of each input."""
        return _kinds(self.type.inputs, self.members)

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """Python type of each output."""
        return _kinds(self.type.outputs, self.members)


@cache
def _kinds(model: type[Model], members: type | None) -> Mapping[str, type]:
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
    model_params: Mapping[Role, Mapping[str, str]] = field(default_factory=dict)
    """Settings by role that are params: the param's name, by the setting's. `models` has their values if those are known."""
    local: Mapping[Role, LocalSettings] = field(default_factory=dict)
    """Settings of local models by role; those of an inner pipeline have no effect."""
    limits: Limits = Limits()
    optional: frozenset[str] = frozenset()
    """Inputs that may be unset."""

    def models_with(self, params: Mapping[str, Any]) -> Mapping[Role, Settings]:
        """Settings by role with these values of its params."""
        found = dict(self.models)
        for role, names in self.model_params.items():
            own = found.get(role, Settings()).model_dump(exclude_unset=True)
            given = {setting: params[name] for setting, name in names.items() if name in params}
            found[role] = Settings.model_validate({**own, **given})
        return found
