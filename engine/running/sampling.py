"""Sampling settings of one model call, merged from the four places that can set them."""

from __future__ import annotations

from collections.abc import Mapping

from promptwire.backend import Settings
from promptwire.graph.steps import ModelCallSpec
from promptwire.node import Role
from promptwire.templating.template import Template

__all__ = ["sampling"]


_DEFAULTS: Mapping[Role, Settings] = {"task": Settings(temperature=0.0), "judge": Settings(temperature=0.0), "meta": Settings()}


def sampling(asking: ModelCallSpec, template: Template, roles: Mapping[Role, Settings]) -> Settings:
    """Merge the settings of a step, its pipeline's `models:`, its template and the role's defaults; the first one wins."""
    return asking.settings.over(roles.get(asking.role, Settings()).over(template.front.settings.over(_DEFAULTS[asking.role])))
