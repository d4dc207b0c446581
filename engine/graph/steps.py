"""A checked pipeline, ready to run: what the checker hands to the planner, the painter and the runner.

Names are resolved and types are known here; no YAML, no file and no model is looked at any more. A loop is a step that owns
a graph, and so is a pipeline used as a node, so every reader of this module is a small recursion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.errors import Location
from promptwire.graph.step_keys import OnError
from promptwire.limits import Limits
from promptwire.node import NodeType, Role

__all__ = [
    "CallStep",
    "Carry",
    "EachStep",
    "Graph",
    "LiteralValue",
    "ModelCallSpec",
    "PipeStep",
    "Ref",
    "RefUnion",
    "RepeatStep",
    "Step",
    "Wire",
]


NOWHERE = Location("")


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference `$name` or `$name.port`: an input, a param, a loop variable, a carried state or a step's output."""

    name: str
    port: str | None = None
    """None means the main output."""
    location: Location = NOWHERE

    def __str__(self) -> str:
        return f"${self.name}" + (f".{self.port}" if self.port else "")


@dataclass(frozen=True, slots=True)
class RefUnion:
    """Several references on one port: their union in the written order."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class LiteralValue:
    """A value written in the file."""

    value: Any


Wire = Ref | RefUnion | LiteralValue


@dataclass(frozen=True, slots=True)
class ModelCallSpec:
    """How a step speaks to a model: everything about a call that is the engine's business and not the node's."""

    role: Role
    template: str | None = None
    """Text name of the template as written; None means the task's own (scoring)."""
    settings: Settings = field(default_factory=Settings)
    """What the step itself says; the template's and the role's settings come after."""
    given: Mapping[str, Wire] = field(default_factory=dict)
    """The keys of `with:`."""
    metric: str | None = None
    """Name of the metric; None means the task's own."""
    cache: CachePolicy | None = None
    """None means the run's policy."""
    on_error: OnError = "fail"
    """What a call does that can't be answered even after its tries."""
    retries: int = 3
    """With `on_error: retry`: how often all tries are made once more."""
    max_failed: float = 1.0
    """Share of a node's calls that may be skipped before the node fails all the same."""

    @property
    def rounds(self) -> int:
        """How often all tries of a call are made once more before it has failed."""
        return self.retries if self.on_error == "retry" else 0


@dataclass(frozen=True, slots=True)
class Step:
    """One named thing in a graph."""

    name: str
    path: str
    """Dotted path from the top, such as `search.expand.edits`."""
    location: Location
    needs: frozenset[str]
    """Names of steps in the same graph that must be done before."""


@dataclass(frozen=True, slots=True)
class CallStep(Step):
    """One call of a node."""

    type: NodeType
    wires: Mapping[str, Wire]
    params: Mapping[str, Wire]
    """Literals, or references to params and loop variables: their values are read when the step runs."""
    asking: ModelCallSpec | None


@dataclass(frozen=True, slots=True)
class PipeStep(Step):
    """A pipeline used as a node."""

    graph: Graph
    wires: Mapping[str, Wire]
    params: Mapping[str, Wire]


@dataclass(frozen=True, slots=True)
class Carry:
    """A state that a loop carries from round to round."""

    type: type
    """Python type of its value."""
    start: Wire | None
    """Value in the first round; None means the empty value of `type`."""
    next: Wire
    """What the body hands to the next round."""


@dataclass(frozen=True, slots=True)
class RepeatStep(Step):
    """A loop: `body` runs once per round."""

    rounds: Wire
    """Number of rounds, or a list whose elements `variable` takes in turn."""
    variable: str | None
    until: Ref | None
    """A Bool of the body, looked at after each round."""
    carry: Mapping[str, Carry]
    body: Graph


@dataclass(frozen=True, slots=True)
class EachStep(Step):
    """A sub-graph per element of a set, all at once; outputs are joined in element order."""

    variable: str
    over: Wire
    element: type
    """Python type of one element."""
    body: Graph


@dataclass(frozen=True, slots=True)
class Graph:
    """Steps in an order in which they could run one by one, with what goes in and what comes out.

    The body of a loop is a graph without inputs and params of its own: it sees the names around it.
    """

    name: str
    doc: str
    inputs: Mapping[str, type]
    """Python type of each input."""
    params: Mapping[str, Any]
    """Value of each param: the default, or what the command line said."""
    steps: Mapping[str, Step]
    outputs: Mapping[str, Wire]
    """The first is the main output. Of a loop's body: empty; of an `each` body: what is joined."""
    types: Mapping[str, type]
    """Python type of each output."""
    models: Mapping[Role, Settings] = field(default_factory=dict)
    """Settings by role, for steps whose own and whose template's settings are silent."""
    limits: Limits = Limits()
    optional: frozenset[str] = frozenset()
    """Inputs that may be left unset."""
