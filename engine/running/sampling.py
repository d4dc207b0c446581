"""Sampling settings of one model call: which of the four places that can set them wins."""

from __future__ import annotations

from collections.abc import Mapping

from promptwire.backend import Settings
from promptwire.graph.steps import ModelCallSpec
from promptwire.node import Role
from promptwire.templating.template import Template

__all__ = ["sampling"]


_DEFAULTS: Mapping[Role, Settings] = {"task": Settings(temperature=0.0), "judge": Settings(temperature=0.0), "meta": Settings()}


def sampling(asking: ModelCallSpec, template: Template, roles: Mapping[Role, Settings]) -> Settings:
    """What a step's call is sampled with: the step's settings, then `models:` of its pipeline, its template's, the role's."""
    return asking.settings.over(roles.get(asking.role, Settings()).over(template.front.settings.over(_DEFAULTS[asking.role])))
