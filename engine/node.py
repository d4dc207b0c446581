"""The contract of a node: inputs, params, outputs, and how `@node` makes a node type of a function.

A node is one async function in one file. Three pydantic models stand beside it: `Inputs` (its wires), `Params` (its settings)
and `Outputs` (the first field is the main output). A node that renders a template has a fourth, `Slots`: the variables of the
template. Its text goes to a model (`Context.ask`), or it is the result itself (`Context.render`). `@node` reads the first three
from the function's annotations, so no registration is needed. A node uses no LLM library, cache or template engine, only a
`Context`. A test fakes that in a few lines.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_type_hints

from promptwire.bounds import Bound, Sizes
from promptwire.errors import NodeError
from promptwire.node_context import Context, Reply
from promptwire.values import Model, Prompt
from promptwire.values.members import takes_members

__all__ = ["Context", "MissingExtra", "NodeType", "Reply", "Role", "node", "number_of", "require_wires", "write_prompt"]

Role = Literal["task", "meta", "judge"]
"""What a model is used for: `task` answers inputs, `meta` writes prompts, `judge` grades answers."""


class MissingExtra(NamedTuple):
    """What `lacks` returns where a library that an extra of the package installs is missing."""

    problem: str
    """The problem."""
    hint: str
    """The command that installs the extra."""


Run = Callable[[Any, Any, Context], Awaitable[Model]]
Bounding = Callable[[Sizes, Any], Bound]
"""From the sizes of a node's inputs and its params to the bound of a call; see `promptwire.bounds`."""
Lacking = Callable[[Set[str], Any], tuple[str, str]]
"""From the wired inputs and the params to a problem and a hint; the problem is empty when the node can run."""


@dataclass(frozen=True, slots=True)
class NodeType:
    """A node type: its function and the schema read from it."""

    name: str
    """The name in YAML: the function's, with `-` for `_`."""
    run: Run
    """The function."""
    inputs: type[Model]
    """Its wires."""
    params: type[Model]
    """Its settings."""
    outputs: type[Model]
    """Its outputs; the first field is the main output."""
    slots: type[Model] | None
    """Variables of its template; None when it renders none."""
    role: Role | None
    """Default role of the model that it calls; None when it calls none."""
    scores: bool
    """Whether it scores prompts, and so takes a `metric`."""
    bound: Bounding | None = None
    """Sizes and calls of one call at most; None when its author gives no bound, so a plan can't tell."""
    lacks: Lacking | None = None
    """Names an input that its params need and that is not wired; None when every wiring works."""
    renders: bool = False
    """Whether its template is rendered without a model."""
    values: bool = False
    """Whether it reads the values of scores, so that it can't work under a metric that gives none."""
    same: str | None = None
    """Input of type Members whose type all inputs and outputs of type Members have; None without such ports."""
    named: bool = False
    """Whether a line `--- NAME ---` of its template starts a text of that name."""

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
    renders: bool = False,
    values: bool = False,
    same: str | None = None,
    named: bool = False,
) -> Callable[[Run], NodeType]:
    """Make an async function `(inputs, params, context) -> outputs` a node type.

    `slots` are the variables of its template; with them it calls a model, the meta model unless `role` names another. `scores`
    makes it a node that scores prompts, with the task model. `bound` gives the bound of a call, for `plan`. `lacks` names an
    input that the params need and that is not wired, for `check`. With `renders`, the template goes to no model: the node reads
    its text from `Context.render`, or several with `named`, see `Context.render_named`. `values` says that it reads the values
    of scores. `same` names the input of type Members whose type the other ports of type Members have.
    """
    if renders and (slots is None or scores or role is not None):
        raise TypeError("renders=True needs slots, and goes with neither scores nor role")
    if named and not renders:
        raise TypeError("named=True needs renders=True")

    def declare(run: Run) -> NodeType:
        inputs, params, outputs = _schemas(run)
        _require_same(run.__qualname__, same, inputs, outputs)
        writes = slots is not None and not renders
        return NodeType(
            name=run.__name__.rstrip("_").replace("_", "-"),
            run=run,
            inputs=inputs,
            params=params,
            outputs=outputs,
            slots=slots,
            role=role or ("meta" if writes else "task" if scores else None),
            scores=scores,
            bound=bound,
            lacks=lacks,
            renders=renders,
            values=values,
            same=same,
            named=named,
        )

    return declare


def _schemas(run: Run) -> tuple[type[Model], type[Model], type[Model]]:
    """Inputs, params and outputs in the annotations of a node's function. Raises TypeError for another signature."""
    hints, names = get_type_hints(run), list(inspect.signature(run).parameters)
    schemas: list[Any] = [hints.get(name) for name in (*names[:2], "return")]
    if len(names) != 3 or not all(isinstance(schema, type) and issubclass(schema, Model) for schema in schemas):
        raise TypeError(f"{run.__qualname__}: a node is (inputs: Model, params: Model, context: Context) -> Model")
    inputs, params, outputs = schemas
    return inputs, params, outputs


def _require_same(name: str, same: str | None, inputs: type[Model], outputs: type[Model]) -> None:
    """Raise TypeError unless `same` names an input of type Members, or there are no ports of that type."""
    ports = {port: takes_members(field.annotation) for port, field in inputs.model_fields.items()}
    if same is not None and not ports.get(same):
        raise TypeError(f"{name}: same={same!r} names none of its inputs of type Members")
    if same is None and any([*ports.values(), *(takes_members(field.annotation) for field in outputs.model_fields.values())]):
        raise TypeError(f"{name}: ports of type Members need @node(same=INPUT)")


_TRUTHS = {"True": "1", "False": "0"}


def number_of(texts: Sequence[str], context: Context, about: str = "") -> float:
    """The number that a template gives; 1 for `True` and 0 for `False`. Raises NodeError for anything else.

    `about` names what the template was rendered for.
    """
    text = "\n".join(texts)
    try:
        number = float(_TRUTHS.get(text, text))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        shown = f"the template gives {text[:100]!r}" if text else "the template gives no text"
        wanted = f"a number is needed for {about}" if about else "a number is needed"
        raise NodeError(f"{wanted}, but {shown}", where=context.path, hint="let it write one number and nothing else")
    return number


def write_prompt(text: str, *parents: Prompt, into: str | None, context: Context) -> Prompt:
    """A new prompt with `text`; or, with `into`, a copy of the first parent that has `text` as that companion."""
    if into is None:
        return context.new_prompt(text, *parents)
    return context.new_prompt(parents[0].text, *parents, companions={**parents[0].companions, into: text})


def require_wires(lacks: Lacking, inputs: Model, params: Model, context: Context) -> None:
    """Raise NodeError where `lacks` finds a problem with the inputs that have a value."""
    wired = {name for name in type(inputs).model_fields if getattr(inputs, name) is not None}
    problem, hint = lacks(wired, params)
    if problem:
        raise NodeError(problem, where=context.path, hint=hint)
