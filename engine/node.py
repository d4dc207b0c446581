"""The contract of a node: what it takes, what it may ask for, what it gives.

A node is one async function in one file with three pydantic models beside it, `Inputs` (its wires), `Params` (its settings)
and `Outputs` (the first field is the main output), and a fourth, `Slots`, when it renders a template: the names that the
template may read. `@node` reads the three from the function's annotations, so there is nothing to register. The node sees
no LLM library, no cache and no template engine, only a `Context`; a test fakes that in a few lines.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, get_type_hints

from promptwire.bounds import Bound, Sizes
from promptwire.errors import NodeError
from promptwire.values import Examples, Message, Model, Prompt, Prompts, Scores

__all__ = ["Context", "NodeType", "Reply", "Role", "node", "require_wires"]

T = TypeVar("T")
Role = Literal["task", "meta", "judge"]
"""Which model a node speaks to: the one whose prompt is improved, the one that writes prompts, the one that grades."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a model and what was read out of it."""

    text: str
    """The reply, whole."""
    answers: tuple[str, ...]
    """What the template's parser read out of it: none when it could not be read and was dropped."""
    conversation: tuple[Message, ...] = ()
    """The messages that led to it and the reply itself, ready to be continued; empty for plain completions."""


class Context(Protocol):
    """All that a node may ask of the engine."""

    @property
    def path(self) -> str:
        """Where the node stands, such as `search.expand.edits`."""

    @property
    def round(self) -> str:
        """The rounds of the loops around it, such as `2` or `2.0`; empty outside loops."""

    @property
    def turn(self) -> int:
        """How often the node was run before in this run, over all rounds of all loops around it."""

    def rng(self, *purpose: Any, steady: bool = False, shared: bool = False) -> random.Random:
        """A generator that depends only on the run's seed, the node's path, the round and `purpose`.

        A `steady` one is the same in every round: for an order that the rounds of a loop walk through together. A `shared` one
        depends on the seed and `purpose` alone: for an order that several nodes walk through.
        """

    async def ask(self, slots: Model, *, n: int = 1, first: int = 0, conversation: Sequence[Message] = ()) -> tuple[Reply, ...]:
        """Render the node's template with `slots`, ask its model for `n` samples and read them.

        `first` numbers the first sample: a node that means two identical requests to have different answers gives them
        different numbers. `conversation` goes before the rendered messages. Replies that can't be read are counted.
        Independent questions belong in one `gather`, so that they are in flight together.

        Raises LimitReached, ModelError or ReplyError.
        """

    async def gather(self, jobs: Sequence[Awaitable[T]]) -> tuple[T, ...]:
        """Run `jobs` at once and give their results in order; when one fails, the others' paid answers are still kept."""

    async def score(self, prompts: Prompts, examples: Examples, *, partial: bool = False) -> Scores:
        """Score every prompt on every example with the node's metric, all pairs in flight together.

        With `partial`, a budget that runs out gives the rows that there are instead of raising LimitReached.
        """

    def new_prompt(self, text: str, *parents: Prompt) -> Prompt:
        """A new prompt with `text`, its parents' ids, this node's path and the current round.

        The demonstrations are those of its first parent: a node that writes text changes the wording alone.
        """

    def count(self, what: str, n: int = 1) -> None:
        """Add `n` to a named tally in the run's record, such as `duplicates` or `empty`."""


Run = Callable[[Any, Any, Context], Awaitable[Model]]
Bounding = Callable[[Sizes, Any], Bound]
"""From what a node's inputs can hold and its params to what it can give and ask; see `promptwire.bounds`."""
Lacking = Callable[[Set[str], Any], tuple[str, str]]
"""From the inputs that are wired and the params to a problem and a hint; the problem is empty when it can run."""


@dataclass(frozen=True, slots=True)
class NodeType:
    """A kind of node: its function and the schema read from it."""

    name: str
    """The name in YAML: the function's, with `-` for `_`."""
    run: Run
    """The function."""
    inputs: type[Model]
    """Its wires."""
    params: type[Model]
    """Its settings."""
    outputs: type[Model]
    """What it gives; the first field is the main output."""
    slots: type[Model] | None
    """What its template may read; None when it renders none."""
    role: Role | None
    """The role of the model it speaks to by default; None when it speaks to none."""
    scores: bool
    """Whether it scores prompts, and so takes a `metric`."""
    bound: Bounding | None = None
    """What a call of it can come to; None when its author does not say, and no plan can tell."""
    lacks: Lacking | None = None
    """Says what its params need and no wire brings; None when every wiring works."""

    @property
    def main(self) -> str:
        """Name of the main output."""
        return next(iter(self.outputs.model_fields))

    @property
    def doc(self) -> str:
        """First line of the function's docstring."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]


def node(
    *,
    slots: type[Model] | None = None,
    scores: bool = False,
    role: Role | None = None,
    bound: Bounding | None = None,
    lacks: Lacking | None = None,
) -> Callable[[Run], NodeType]:
    """Make an async function `(inputs, params, context) -> outputs` a node type.

    `slots` names what its template may read and makes it a node that asks a model, the meta model unless `role` says
    otherwise. `scores` makes it one that scores prompts, with the task model. `bound` says what a call can come to, for `plan`.
    `lacks` says which input the params need beside those that are wired, for `check`.
    """

    def declare(run: Run) -> NodeType:
        hints = get_type_hints(run)
        names = list(inspect.signature(run).parameters)
        schemas = [hints.get(name) for name in names[:2]] + [hints.get("return")]
        if len(names) != 3 or not all(isinstance(schema, type) and issubclass(schema, Model) for schema in schemas):
            raise TypeError(f"{run.__qualname__}: a node is (inputs: Model, params: Model, context: Context) -> Model")
        inputs, params, outputs = schemas
        name = run.__name__.rstrip("_").replace("_", "-")
        asked: Role | None = role or ("meta" if slots else "task" if scores else None)
        return NodeType(name, run, inputs, params, outputs, slots, asked, scores, bound, lacks)  # type: ignore[arg-type]

    return declare


def require_wires(lacks: Lacking, inputs: Model, params: Model, context: Context) -> None:
    """Raise NodeError where `lacks` finds a problem with the inputs that have a value."""
    wired = {name for name in type(inputs).model_fields if getattr(inputs, name) is not None}
    problem, hint = lacks(wired, params)
    if problem:
        raise NodeError(problem, where=context.path, hint=hint)
