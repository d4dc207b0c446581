"""Checks `limits` on a pipeline that is used as a node: the limits of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Final

from pydantic import ValidationError

from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import message_for
from promptwire.graph.ordering import ancestors
from promptwire.graph.steps import LiteralValue, PipeStep, Step, Wire
from promptwire.language.context import GraphScope
from promptwire.language.references import Target, known_values
from promptwire.language.setting_wires import connect_setting
from promptwire.limits import StageLimits

__all__ = ["check_shares", "stage_limits"]

_TYPES: Final[Mapping[str, type]] = {"calls": int, "tokens": int, "usd": float, "share": float}
_MOST_COMPARED: Final = 12
"""Most stages with shares in one graph whose sums are checked, the largest shares: the number of subsets grows fast."""


def stage_limits(scope: GraphScope, call: YamlValue) -> dict[str, Wire]:
    """Limits of the pipeline call `call`, by name: values, params or loop variables."""
    under = call.get("limits")
    wires: dict[str, Wire] = {}
    for name, kind in _TYPES.items():
        child = under.get(name) if under is not None else None
        if child is None or child.value is None:
            continue
        wire = connect_setting(scope, child, Target(f"'limits: {name}'", kind))
        if wire is None:
            continue
        wires[name] = wire
        for value in known_values(wire, scope.names) or ():
            _check_value(scope, child, name, value)
    if "share" in wires and scope.looped and under is not None:
        hint = "write calls, tokens or usd: every run of the stage gets that many"
        location = (under.get("share") or under).key_location
        scope.diagnostics.error("bad-setting", location, "a stage in a loop or an 'each' can't have a share", hint)
    return wires


def check_shares(scope: GraphScope, steps: Mapping[str, Step]) -> None:
    """Report stages that run side by side and whose shares are more than the whole."""
    shares = {name: share for name, step in steps.items() if (share := _share(scope, step))}
    needs = {name: step.needs for name, step in steps.items()}
    largest = sorted(sorted(shares, key=lambda name: -shares[name])[:_MOST_COMPARED])
    before = {name: ancestors(needs, needs[name]) for name in largest}
    for size in range(2, len(largest) + 1):
        for beside in combinations(largest, size):
            apart = all(one not in before[other] and other not in before[one] for one, other in combinations(beside, 2))
            whole = sum(shares[name] for name in beside)
            if apart and whole > 1 + 1e-9:
                message = f"the stages {', '.join(beside)} run side by side, and their shares are {whole:g} together"
                hint = "shares of stages side by side are of the same budget: make them 1 or less together"
                scope.diagnostics.error("bad-setting", steps[beside[-1]].location, message, hint)
                return


def _share(scope: GraphScope, step: Step) -> float:
    """The largest share that the stage `step` can have; 0 when it has none."""
    wire = step.limits.get("share", LiteralValue(0)) if isinstance(step, PipeStep) else LiteralValue(0)
    return max((value for value in known_values(wire, scope.names) or () if isinstance(value, int | float)), default=0)


def _check_value(scope: GraphScope, child: YamlValue, name: str, value: object) -> None:
    try:
        StageLimits.model_validate({name: value})
    except ValidationError as error:
        message, hint = message_for(error.errors(include_url=False)[0], name)
        scope.diagnostics.error("bad-setting", child.location, message, hint)
