"""Engine keys of a step that calls a model or renders a template.

A key may be a reference, such as `template: $t` or `settings: {temperature: $heat}`. `resolved` puts values in their place: the
values of the run, or those that are known before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.graph.step_keys import OnError
from promptwire.graph.wires import Wire
from promptwire.node import Role

__all__ = ["RETRIES", "ModelCallSpec", "TemplateSpec", "Varying", "resolved"]

RETRIES: Final = 3
"""How often a reply that can't be read is asked for again."""


@dataclass(frozen=True, slots=True)
class Varying:
    """Keys of a step whose values are references."""

    template: Wire | None = None
    """The wire of `template:`."""
    paths: Mapping[str, str] = field(default_factory=dict)
    """Path of each template that it may name, by the name."""
    settings: Mapping[str, Wire] = field(default_factory=dict)
    """Wires of `settings:`."""
    parse: Mapping[str, Wire] = field(default_factory=dict)
    """Wires of `parse:`."""

    @property
    def wires(self) -> dict[str, Wire]:
        """All wires, by the path of the key."""
        whole = {"template": self.template} if self.template else {}
        settings = {f"settings.{key}": wire for key, wire in self.settings.items()}
        return {**whole, **settings, **{f"parse.{key}": wire for key, wire in self.parse.items()}}


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
    parse: Mapping[str, Any] | None = None
    """How replies are read, as in the front matter of a template; None means the template's own rule."""
    varying: Varying | None = None
    """Keys whose value is a reference; None without one."""

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
    parse: Mapping[str, Any] | None = None
    """How the rendered text is read; None means the template's own rule."""
    varying: Varying | None = None
    """Keys whose value is a reference; None without one."""


S = TypeVar("S", ModelCallSpec, TemplateSpec)


def resolved(spec: S, value: Callable[[Wire], Any], known: Callable[[Wire], bool] = lambda wire: True) -> S:
    """`spec` with values in place of references. References that are not `known` are left out.

    Raises pydantic's ValidationError for a setting that is not allowed.
    """
    varying = spec.varying
    if varying is None:
        return spec
    settings = {key: value(wire) for key, wire in varying.settings.items() if known(wire)}
    parse = {key: value(wire) for key, wire in varying.parse.items() if known(wire)}
    found = replace(spec, varying=None)
    if varying.template is not None and known(varying.template):
        found = replace(found, template=varying.paths[value(varying.template)])
    if parse:
        found = replace(found, parse={**(spec.parse or {}), **parse})
    if settings and isinstance(found, ModelCallSpec):
        own = found.settings.model_dump(exclude_unset=True)
        found = replace(found, settings=Settings.model_validate({**own, **settings}))
    return found
