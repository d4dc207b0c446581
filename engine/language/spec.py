"""The shape of a pipeline file: which keys stand where, before names, types and wires are looked at.

Pydantic models, so that the checker and the JSON Schema for editors can't disagree. Ports and params of a call are written
flat beside the engine's own keys; which is which only the node type knows, so they wait in `given`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.documents.validation_errors import FORMS, validate
from promptwire.graph.step_keys import ENGINE_KEYS, OnError
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.values import Model

__all__ = [
    "PARAM_WORDS",
    "CallSpec",
    "CarrySpec",
    "EachSpec",
    "InputSpec",
    "NodeSpec",
    "ParamSpec",
    "ParamType",
    "PipelineSpec",
    "PortType",
    "RepeatSpec",
    "validate",
]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
PortType = Literal[
    "Prompt", "Prompts", "Example", "Examples", "Scores", "Failures", "Critiques", "Families", "History",
    "Bool", "Int", "Float", "Text", "List",
]  # fmt: skip
ParamType = Literal["bool", "int", "float", "text", "list"]
PARAM_WORDS: Final = {"str": "text", "string": "text", "Str": "text", "Text": "text", "boolean": "bool", "number": "float"}
"""Other words for the types of params, which are taken as well."""


class InputSpec(Model):
    """An input: `train: Examples`, or `dev: {type: Examples, optional: true}`."""

    called: ClassVar[str] = "an input"

    type: PortType
    """Its port type."""
    optional: bool = False
    """Whether it may be left unset."""
    help: str = ""
    """What it is."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return data if isinstance(data, dict) else {"type": data}


class ParamSpec(Model):
    """A setting of the pipeline: `k: 5`, or `{type: int, default: 5, min: 1, help: ...}`."""

    called: ClassVar[str] = "a param"

    type: ParamType | None = None
    """Its type; that of the default when not said."""
    default: Any = None
    """Its value unless it is set."""
    min: float | None = None
    """Smallest value."""
    max: float | None = None
    """Largest value."""
    choices: tuple[Any, ...] | None = None
    """The only values allowed."""
    help: str = ""
    """What it does."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return {"default": data}
        written = data.get("type")
        word = PARAM_WORDS.get(written, written.lower()) if isinstance(written, str) else written
        return {**data, "type": word} if "type" in data else data

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return "default" not in self.model_fields_set


class CallSpec(Model):
    """A call of a node type, with its ports and params written flat."""

    called: ClassVar[str] = "a node"

    use: str
    """The node type: a built-in, a plugin such as `acme:judge`, or a pipeline file such as `./expand.yaml`."""
    model: Role | None = None
    """Role of the model it speaks to."""
    template: str | None = None
    """Its template file."""
    with_: dict[Name, Any] = Field(default={}, alias="with")
    """More variables for the template."""
    settings: Settings | None = None
    """Sampling settings."""
    metric: str | None = None
    """How it scores."""
    cache: CachePolicy | None = None
    """How it uses the answer cache."""
    on_error: OnError = "fail"
    """What a call does whose tries have all failed: end the run, be left out, or be tried again all over."""
    retries: int | None = Field(default=None, ge=1)
    """With `on_error: retry`, how often all tries are made once more before the run ends; 3 when not said."""
    max_failed: float | None = Field(default=None, ge=0, le=1)
    """Share of calls that may be skipped."""
    given: dict[str, Any] = {}
    """Ports and params, by the name in the file."""

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        own = {key: value for key, value in data.items() if key in ("use", *ENGINE_KEYS)}
        return {**own, "given": {key: value for key, value in data.items() if key not in own}}


class CarrySpec(Model):
    """A state that a loop carries: `{start: $seed, next: $select}`, or `{type: History, next: $longer}`."""

    called: ClassVar[str] = "a carried state"

    type: PortType | None = None
    """Its port type; that of `start` when not said."""
    start: Any = None
    """Its value in the first round; empty when not said."""
    next: Any
    """What a round hands to the next."""


class RepeatSpec(Model):
    """A loop."""

    called: ClassVar[str] = "a loop"

    repeat: Any
    """Number of rounds, or `{variable: LIST}`."""
    until: Any = None
    """A Bool of the body that ends the loop."""
    carry: dict[Name, CarrySpec] = {}
    """The states."""
    nodes: dict[Name, NodeSpec] = Field(min_length=1)
    """The body."""


class EachSpec(Model):
    """A sub-graph per element of a set."""

    called: ClassVar[str] = "an 'each'"

    each: dict[Name, Any] = Field(min_length=1, max_length=1)
    """The variable and the set."""
    nodes: dict[Name, NodeSpec] = Field(min_length=1)
    """The body."""
    outputs: dict[Name, Any] = Field(min_length=1)
    """What it gives; the first is the main output."""


def _form(data: Any) -> str | None:
    """Which form of node this is; None when that can't be told."""
    keys = data if isinstance(data, dict) else {type(data).__name__: 0}
    forms = [form for form in FORMS if form in keys]
    return f"<{forms[0]}>" if len(forms) == 1 else "<use>" if isinstance(data, CallSpec) else None


NodeSpec = Annotated[
    Annotated[CallSpec, Tag("<use>")] | Annotated[RepeatSpec, Tag("<repeat>")] | Annotated[EachSpec, Tag("<each>")],
    Discriminator(_form),
]


class PipelineSpec(Model):
    """A pipeline file, with `extends` and `override` already worked in."""

    called: ClassVar[str] = "a pipeline"

    promptwire: Literal[1]
    """Version of the grammar."""
    name: str = ""
    """What to call it; the file's name when not said."""
    doc: str = ""
    """What it does, in a sentence."""
    extends: str | None = None
    """The pipeline that this one is a variant of."""
    override: dict[str, Any] = {}
    """What is different: dotted paths and patches."""
    inputs: dict[Name, InputSpec] = {}
    """What goes in."""
    params: dict[Name, ParamSpec] = {}
    """What can be set."""
    models: dict[Role, Settings] = {}
    """Sampling settings by role."""
    limits: Limits = Limits()
    """Budgets."""
    nodes: dict[Name, NodeSpec] = Field(min_length=1)
    """The graph."""
    outputs: dict[Name, Any] = Field(min_length=1)
    """What comes out; the first is the main output."""


RepeatSpec.model_rebuild()
EachSpec.model_rebuild()
PipelineSpec.model_rebuild()
