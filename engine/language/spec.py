"""Pydantic models of a pipeline file: which keys are allowed where.

The checker and the JSON Schema for editors use the same models, so they agree. The models of the steps are in `step_spec`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from promptwire.backend import Settings
from promptwire.language.step_spec import Name, NodeSpec, PortType, without_references
from promptwire.limits import Limits
from promptwire.local_settings import LocalSettings
from promptwire.node import Role
from promptwire.values import Model

__all__ = ["PARAM_WORDS", "InputSpec", "ParamSpec", "ParamType", "PipelineSpec"]

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


class RoleSpec(Settings):
    """Settings of a role's model: how it samples, and how a local model runs."""

    called: ClassVar[str] = "'models'"

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        return without_references(data)

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
