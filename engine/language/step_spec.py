"""Pydantic models of the steps in a pipeline file: calls, loops and `each`.

Ports and params of a call stand beside the engine keys in YAML. Only the node type distinguishes them, so both are kept in
`given`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.documents.validation_errors import FORMS
from promptwire.graph.step_keys import ENGINE_KEYS, PIPELINE_KEYS, STEP_KEYS, OnError
from promptwire.language.symbols import looks_like_reference
from promptwire.node import Role
from promptwire.templating.parsing import Parse
from promptwire.values import Model

__all__ = ["CallSpec", "CarrySpec", "EachSpec", "Name", "NodeSpec", "PortType", "RepeatSpec", "without_references"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
PortType = Literal[
    "Prompt", "Prompts", "Example", "Examples", "Scores", "Failures", "Critiques", "Families", "History",
    "Bool", "Int", "Float", "Text", "List",
]  # fmt: skip


class StageLimitsSpec(Model):
    """Limits of a stage, as they are written: numbers, or references to params and loop variables."""

    called: ClassVar[str] = "the limits of a stage"

    calls: Any = None
    """Most new LLM calls."""
    tokens: Any = None
    """Most tokens of them, read and written."""
    usd: Any = None
    """Most money, in US dollars."""
    share: Any = None
    """Share of the calls, tokens and dollars that the steps before have left of the limits around it, up to 1."""


def _no_reference(value: Any) -> Any:
    """None in place of a reference: the checker reads it where it is written."""
    return None if looks_like_reference(value) else value


def without_references(value: Any) -> Any:
    """A mapping without the values that are references."""
    return {key: one for key, one in value.items() if not looks_like_reference(one)} if isinstance(value, dict) else value


def _rule(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """A rule to read replies, without the values that are references. `$$` is a plain `$`.

    What one key needs of another is checked later when there are references, with their values.
    """
    written = without_references(value)
    if isinstance(written, dict):
        written = {key: one[1:] if isinstance(one, str) and one.startswith("$$") else one for key, one in written.items()}
    try:
        return validate(written)
    except ValidationError as error:
        if not isinstance(value, dict) or len(written) == len(value) or any(detail["loc"] for detail in error.errors()):
            raise
        return Parse.model_construct(set(written), **written)


class CallSpec(Model):
    """A call of a node type, with its ports and params written flat."""

    called: ClassVar[str] = "a node"

    use: str
    """The node type: a built-in, a plugin such as `acme:judge`, or a pipeline file such as `./expand.yaml`."""
    when: Any = None
    """Runs the step only if this is true: a Bool, or a set that is not empty; of a list, one is enough."""
    unless: Any = None
    """Runs the step only if this is false: a Bool, or an empty set; of a list, all."""
    model: Annotated[Role | None, BeforeValidator(_no_reference)] = None
    """Role of the model that it calls."""
    template: str | None = None
    """Its template file."""
    with_: dict[Name, Any] = Field(default={}, alias="with")
    """More variables for the template."""
    settings: Annotated[Settings | None, BeforeValidator(without_references)] = None
    """Sampling settings."""
    parse: Annotated[Parse | None, WrapValidator(_rule)] = None
    """How the reply is read, in place of the template's own rule."""
    metric: str | None = None
    """Metric for scoring."""
    cache: CachePolicy | None = None
    """How it uses the response cache."""
    on_error: OnError = "fail"
    """After all tries of a call failed: fail ends the run, skip leaves the call out, retry starts its tries again."""
    retries: int | None = Field(default=None, ge=1)
    """With `on_error: retry`: how often the tries start again before the run ends; default 3."""
    max_failed: float | None = Field(default=None, ge=0, le=1)
    """With `on_error: skip`: share of the step's calls that may be left out."""
    limits: StageLimitsSpec | None = None
    """Limits of a pipeline that is used as a node. At a limit it gives its best prompt so far, and the run goes on."""
    override: dict[str, Any] = {}
    """Patches of a pipeline that is used as a node: dotted paths inside its file, and changes."""
    given: dict[str, Any] = {}
    """Ports and params by their name in YAML."""

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        own = {key: value for key, value in data.items() if key in ("use", *STEP_KEYS, *ENGINE_KEYS, *PIPELINE_KEYS)}
        return {**own, "given": {key: value for key, value in data.items() if key not in own}}


class CarrySpec(Model):
    """A state that a loop carries: `{start: $seed, next: $select}`, or `{type: History, next: $longer}`."""

    called: ClassVar[str] = "a carried state"

    type: PortType | None = None
    """Its port type; by default the type of `start`."""
    start: Any = None
    """Its value in the first round; by default empty."""
    next: Any
    """Its value for the next round."""


class RepeatSpec(Model):
    """A loop: its body runs once per round."""

    called: ClassVar[str] = "a loop"

    repeat: Any
    """Number of rounds, or `{variable: LIST}`."""
    when: Any = None
    """Runs the loop only if this is true."""
    unless: Any = None
    """Runs the loop only if this is false."""
    until: Any = None
    """A Bool or set of the body that ends the loop when it is true; of a list, one is enough."""
    carry: dict[Name, CarrySpec] = {}
    """The states."""
    nodes: dict[Name, NodeSpec] = Field(min_length=1)
    """The body."""


class EachSpec(Model):
    """A sub-graph that runs once per element of a set."""

    called: ClassVar[str] = "an 'each'"

    each: dict[Name, Any] = Field(min_length=1, max_length=1)
    """The variable and the set."""
    when: Any = None
    """Runs it only if this is true."""
    unless: Any = None
    """Runs it only if this is false."""
    nodes: dict[Name, NodeSpec] = Field(min_length=1)
    """The body."""
    outputs: dict[Name, Any] = Field(min_length=1)
    """Its outputs; the first is the main output."""


def _form(data: Any) -> str | None:
    """Tag of the form of a node; None when it is ambiguous."""
    keys = data if isinstance(data, dict) else {type(data).__name__: 0}
    forms = [form for form in FORMS if form in keys]
    if len(forms) == 1:
        return f"<{forms[0]}>"
    return "<use>" if isinstance(data, CallSpec) else None


NodeSpec = Annotated[
    Annotated[CallSpec, Tag("<use>")] | Annotated[RepeatSpec, Tag("<repeat>")] | Annotated[EachSpec, Tag("<each>")],
    Discriminator(_form),
]


RepeatSpec.model_rebuild()
EachSpec.model_rebuild()
