"""Bounds of stages: pipelines that are called with limits, which a plan never exceeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from promptwire.bounds import ONE, Extent
from promptwire.gateway.stage_budget import SHARED
from promptwire.graph.steps import PipeStep
from promptwire.limits import Limits
from promptwire.planning.sizes import SizedValue
from promptwire.values import Model, Prompt, Prompts
from promptwire.values.notes import warning

__all__ = ["Stage", "StageLimit", "cut_outputs", "idle_shares", "stage_limits", "within_stages"]

N = TypeVar("N", int, float)


class StageLimit(Model):
    """Limits of one stage: a pipeline that is called with limits. At a limit it ends, and the run goes on."""

    path: str
    """The stage's path."""
    calls: int | None = None
    """Most new calls; None when there is no such limit."""
    tokens: int | None = None
    """Most tokens of new calls, read and written."""
    usd: float | None = None
    """Most US dollars for new calls."""


@dataclass(slots=True)
class Stage:
    """Limits of one stage over the whole run."""

    path: str
    """The stage's path."""
    limits: dict[str, float] = field(default_factory=dict)
    """Sum of its limits over all its runs, by name; a name that is missing has no limit in one of them."""
    share: float | None = None
    """Its share of what is left around it, in its only run."""
    runs: int = 0
    """How often its limits were added."""

    def add(self, limits: Mapping[str, Any], times: float) -> None:
        """Count up to `times` more runs with these limits."""
        self.share = limits.get("share")
        known = {name: limits[name] * times for name in SHARED if limits.get(name) is not None}
        self.limits = (
            known if not self.runs else {name: self.limits[name] + known[name] for name in known if name in self.limits}
        )
        self.runs += 1


def cut_outputs(step: PipeStep, inputs: Mapping[str, SizedValue], outputs: Mapping[str, SizedValue]) -> dict[str, SizedValue]:
    """Sizes of the outputs of a stage that its limits may cut short; see `promptwire.running.stages`."""
    given = max((one.extent.most for one in inputs.values() if one.kind is Prompts), default=1.0)
    found = {}
    for name, known in outputs.items():
        kind = step.graph.types[name]
        instead = ONE if kind is Prompt else Extent(1, max(1.0, given)) if kind is Prompts else Extent(0, 0)
        found[name] = SizedValue(known.kind, known.extent.hull(instead))
    return found


def stage_limits(stages: Iterable[Stage], run: Limits, final_calls: int) -> dict[str, dict[str, float]]:
    """The most calls, tokens and dollars of each stage, by its path and the name of the limit.

    `run` are the limits of the run, of which `final_calls` calls are reserved for the held-out comparison.
    """
    whole = {name: float(limit) for name in SHARED if (limit := getattr(run, name)) is not None}
    if "calls" in whole:
        whole["calls"] = max(0.0, whole["calls"] - final_calls)
    found: dict[str, dict[str, float]] = {}
    for stage in sorted(stages, key=lambda one: one.path.count(".")):
        around = max((path for path in found if stage.path.startswith(f"{path}.")), key=len, default="")
        left = found[around] if around else whole
        known = dict(stage.limits)
        if stage.share is not None:
            for name, limit in left.items():
                known[name] = min(known.get(name, math.inf), stage.share * limit)
        bounded = {name: limit for name, limit in known.items() if math.isfinite(limit)}
        found[stage.path] = {name: limit if name == "usd" else math.floor(limit + 1e-9) for name, limit in bounded.items()}
    return found


def idle_shares(stages: Iterable[Stage], limits: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Warn of stages with a share of no limit."""
    idle = [stage.path for stage in stages if stage.share is not None and not limits[stage.path]]
    if idle:
        yield warning(f"the run has no limit to share, so the shares of {', '.join(idle)} have no effect: --limit calls=N")


def within_stages(
    values: Sequence[tuple[str, N | None]], limits: Mapping[str, Mapping[str, float]], name: str, add: Callable[..., N | None]
) -> N | None:
    """Sum of `values`, given by path of the step, where each stage counts with its limit `name` at most.

    `add` sums numbers, and is None when one is unknown.
    """
    stages = sorted((path for path in limits if name in limits[path]), key=lambda path: -path.count("."))
    left = list(values)
    for path in stages:
        inside = [value for value in left if f"{value[0]}.".startswith(f"{path}.")]
        whole = add(value for _, value in inside)
        limit: Any = limits[path][name]
        left = [value for value in left if value not in inside] + [(path, limit if whole is None else min(whole, limit))]
    return add(value for _, value in left)
