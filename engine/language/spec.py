"""Pydantic models of a pipeline file: which keys are allowed where.

The checker and the JSON Schema for editors use the same models, so they agree. Ports and params of a call stand beside the
engine keys in YAML. Only the node type distinguishes them, so both are kept in `given`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.documents.validation_errors import FORMS, validate
from promptwire.graph.step_keys import ENGINE_KEYS, PIPELINE_KEYS, STEP_KEYS, OnError
from promptwire.limits import Limits
from promptwire.local_settings import LocalSettings
from promptwire.node import Role
from promptwire.templating.parsing import Parse
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
"""Synonyms that are accepted as param types."""


class InputSpec(Model):
    """An input: `train: Examples`, or `dev: {type: Examples, optional: true}`."""

    called: ClassVar[str] = "an input"

    type: PortType
    """Its port type."""
    optional: bool = False
    """Whether it may be unset."""
    help: str = ""
    """Description of the input."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return data if isinstance(data, dict) else {"type": data}


class ParamSpec(Model):
    """A param: `k: 5`, or `{type: int, default: 5, min: 1, help: ...}`."""

    called: ClassVar[str] = "a param"

    type: ParamType | None = None
    """Its type; by default the type of `default`."""
    default: Any = None
    """Default value."""
    min: float | None = None
    """Smallest value."""
    max: float | None = None
    """Largest value."""
    choices: tuple[Any, ...] | None = None
    """The only values allowed."""
    help: str = ""
    """Description of the param."""

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


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$") and not value.startswith("$$")


def _no_reference(value: Any) -> Any:
    """None in place of a reference: the checker reads it where it is written."""
    return None if _is_reference(value) else value


def _no_references(value: Any) -> Any:
    """A mapping without the values that are references."""
    return {key: one for key, one in value.items() if not _is_reference(one)} if isinstance(value, dict) else value


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
    settings: Annotated[Settings | None, BeforeValidator(_no_references)] = None
    """Sampling settings."""
    parse: Annotated[Parse | None, BeforeValidator(_no_references)] = None
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


class RoleSpec(Settings):
    """Settings of a role's model: how it samples, and how a local model runs."""

    called: ClassVar[str] = "'models'"

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        return _no_references(data)

    local: LocalSettings | None = None
    """Settings of a local model."""

    def sampling(self) -> Settings:
        """The sampling settings alone."""
        return Settings.model_validate(self.model_dump(exclude_unset=True, exclude={"local"}))


class PipelineSpec(Model):
    """A pipeline file after `extends` and `override` are resolved."""

    called: ClassVar[str] = "a pipeline"

    promptwire: Literal[1]
    """Version of the grammar."""
    name: str = ""
    """Its name; by default the file's name."""
    doc: str = ""
    """Its purpose in one sentence."""
    extends: str | None = None
    """The base pipeline of this variant."""
    override: dict[str, Any] = {}
    """Differences from the base: dotted paths and patches."""
    inputs: dict[Name, InputSpec] = {}
    """Inputs."""
    params: dict[Name, ParamSpec] = {}
    """Settings that `-p` can change."""
    models: dict[Role, RoleSpec] = {}
    """Sampling settings by role, and under `local` the settings of a local model."""
    limits: Limits = Limits()
    """Budgets and rate limits."""
    nodes: dict[Name, NodeSpec] = Field(min_length=1)
    """The graph."""
    outputs: dict[Name, Any] = Field(min_length=1)
    """Outputs; the first is the main output."""


RepeatSpec.model_rebuild()
EachSpec.model_rebuild()
PipelineSpec.model_rebuild()
