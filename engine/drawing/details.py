"""What decides what a step does, in a few words: its template, its policy and the settings that the file gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from promptwire.graph.steps import CallStep, LiteralValue, Ref, Wire

__all__ = ["details_of"]

_MOST: Final = 4
"""Most settings that are named."""
_LONGEST: Final = 24
"""Longest text of a value."""


def details_of(step: CallStep, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The template of `step`, and its settings as `name value`; texts first, since they choose what it does.

    `params` are the known values of the pipeline's params. A setting that only a round knows is shown as its reference.
    """
    template = ["/".join(Path(step.template).parts[-2:])] if step.template else []
    metric = [f"metric {step.asking.metric}"] if step.asking and step.asking.metric else []
    written = {name.rstrip("_"): _shown(wire, params) for name, wire in step.params.items()}
    texts = [f"{name} {value}" for name, value in written.items() if isinstance(value, str)]
    others = [f"{name} {value}" for name, value in written.items() if value is not None and not isinstance(value, str)]
    return tuple(template + metric + (texts + others)[:_MOST])


def _shown(wire: Wire, params: Mapping[str, Any]) -> Any:
    """The value of a setting, shortened; None for one that is unset."""
    value = params.get(wire.name, f"{wire}") if isinstance(wire, Ref) and not wire.port else str(wire)
    value = wire.value if isinstance(wire, LiteralValue) else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | list | tuple):
        text = value if isinstance(value, str) else ", ".join(map(str, value))
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
    return value
