"""Everything that a run can be told, in one frozen value: what the command line and the Python API both fill in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from promptwire.cache.policy import CachePolicy
from promptwire.limits import Budget, RateLimits
from promptwire.node import Role
from promptwire.values import Model

__all__ = ["Options", "cache_folder", "runs_folder"]

HOME = ".promptwire"
"""Folder of cache and runs, in the working folder."""

DEFAULT_MODEL = "local"

_LENDERS: Mapping[Role, tuple[Role, ...]] = {"task": ("task",), "meta": ("meta", "task"), "judge": ("judge", "meta", "task")}
"""Whose model a role plays with when it has none of its own."""


def cache_folder() -> Path:
    """Where answers are kept: `PROMPTWIRE_CACHE`, or `.promptwire/cache` in the working folder."""
    return Path(os.environ.get("PROMPTWIRE_CACHE") or Path(HOME) / "cache")


def runs_folder() -> Path:
    """Where run folders are made: `PROMPTWIRE_RUNS`, or `.promptwire/runs` in the working folder."""
    return Path(os.environ.get("PROMPTWIRE_RUNS") or Path(HOME) / "runs")


class Options(Model):
    """How to run a pipeline on a task."""

    models: Mapping[Role, str] = {}
    """Model of each role. `task` defaults to the embedded model, `meta` to the task model, `judge` to the meta model."""
    api_bases: Mapping[Role, str] = {}
    """Addresses of OpenAI-compatible servers, by role."""
    seed: int = 0
    """Where all random draws begin."""
    params: Mapping[str, str] = {}
    """Values for the pipeline's params, as text (`-p k=v`)."""
    patches: Mapping[str, str] = {}
    """Values for any leaf of the pipeline by dotted path, as text (`--set path=value`)."""
    limits: Mapping[Budget, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = {}
    """Budgets that go before the pipeline's own."""
    paces: Mapping[Role, RateLimits] = {}
    """How hard each role's model may be pressed; goes before what the pipeline says."""
    task: Mapping[str, Any] = {}
    """Task-file keys that go before what the task says, such as `prompt` or `metric`."""
    cache: CachePolicy = "use"
    """Whether answers are taken from the cache."""
    parallel: int | None = Field(default=None, ge=1)
    """Requests in flight per model; None leaves it to the model."""
    tries: int | None = Field(default=None, ge=1)
    """Tries of a request that fails in passing; None means six."""
    timeout: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Seconds after which a try is given up; None leaves it to the model, which for servers is ten minutes."""

    def model(self, role: Role) -> tuple[str, str | None]:
        """Name of the model that plays `role`, and the address of its server when one was given."""
        lenders = _LENDERS[role]
        name = next((self.models[lender] for lender in lenders if lender in self.models), DEFAULT_MODEL)
        known = (lender for lender in lenders if lender in self.models or lender in self.api_bases)
        return name, self.api_bases.get(next(known, role))

    def pace(self, role: Role, written: Mapping[Role, RateLimits] | None = None) -> RateLimits:
        """How hard the model of `role` may be pressed: limits are lent as models are. `written` is what the pipeline says."""
        pace = RateLimits(parallel=self.parallel)
        for lender in reversed(_LENDERS[role]):
            pace = self.paces.get(lender, RateLimits()).over((written or {}).get(lender, RateLimits()).over(pace))
        return pace
