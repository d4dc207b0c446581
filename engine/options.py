"""Options of a run. The command line and the Python API both fill them in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from promptwire.cache.policy import CachePolicy
from promptwire.limits import Budget, RateLimits
from promptwire.local_settings import is_local, is_scripted
from promptwire.node import Role
from promptwire.values import Model

__all__ = ["Options", "address_variable", "cache_folder", "runs_folder"]

HOME = ".promptwire"
"""Folder of cache and runs, inside the working folder."""

DEFAULT_MODEL = "local"

_MODEL_SOURCES: Mapping[Role, tuple[Role, ...]] = {
    "task": ("task",),
    "meta": ("meta", "task"),
    "judge": ("judge", "meta", "task"),
}
"""Roles whose model a role uses, in order: its own first."""


def address_variable(role: Role) -> str:
    """Name of the environment variable with the address of a role's model."""
    return f"PROMPTWIRE_{role.upper()}_API_BASE"


def _addresses() -> dict[Role, str]:
    """Addresses of the environment, by role."""
    return {role: base for role in _MODEL_SOURCES if (base := os.environ.get(address_variable(role), "").strip())}


def cache_folder() -> Path:
    """Folder of the response cache: `PROMPTWIRE_CACHE`, or `.promptwire/cache` in the working folder."""
    return Path(os.environ.get("PROMPTWIRE_CACHE") or Path(HOME) / "cache")


def runs_folder() -> Path:
    """Folder of the run folders: `PROMPTWIRE_RUNS`, or `.promptwire/runs` in the working folder."""
    return Path(os.environ.get("PROMPTWIRE_RUNS") or Path(HOME) / "runs")


class Options(Model):
    """Options for running a pipeline on a task."""

    models: Mapping[Role, str] = {}
    """Model of each role. `task` defaults to the embedded model, `meta` to the task model, `judge` to the meta model."""
    api_bases: Mapping[Role, str] = {}
    """Address of an OpenAI-compatible server, by role. Where none is given, PROMPTWIRE_TASK_API_BASE, PROMPTWIRE_META_API_BASE
    and PROMPTWIRE_JUDGE_API_BASE hold, so that each worker of a cluster can have its own. All are part of a model's identity in
    the cache."""
    seed: int = 0
    """Random seed."""
    params: Mapping[str, str] = {}
    """Values for the pipeline's params, as text (`-p k=v`)."""
    patches: Mapping[str, str] = {}
    """Values for any leaf of the pipeline by dotted path, as text (`--set path=value`)."""
    limits: Mapping[Budget, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = {}
    """Budgets. They take precedence over the pipeline's own."""
    paces: Mapping[Role, RateLimits] = {}
    """Rate limits by role. They take precedence over the pipeline's own."""
    repeats: int = Field(default=1, ge=1)
    """Answers per prompt and held-out example in the comparison, for models that are not deterministic."""
    task: Mapping[str, Any] = {}
    """Task-file keys that replace those of the task, such as `prompt` or `metric`."""
    cache: CachePolicy = "use"
    """How the response cache is used."""
    cache_url: str | None = Field(default=None, exclude=True, repr=False)
    """Address of a Redis server that shares answers with other machines. None takes `PROMPTWIRE_CACHE_URL`; "" uses none.

    It may hold a password, so it is left out of everything that is stored or shown.
    """
    parallel: int | None = Field(default=None, ge=1)
    """Largest number of requests in flight per model; None uses the model's default."""
    tries: int | None = Field(default=None, ge=1)
    """Tries of a request whose error may pass; None means six."""
    timeout: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Seconds after which a try times out; None uses the model's default, which is ten minutes for servers."""

    @property
    def shared_cache(self) -> str:
        """Address of the server that shares answers; empty when there is none, or when the cache is off."""
        known = os.environ.get("PROMPTWIRE_CACHE_URL", "") if self.cache_url is None else self.cache_url
        return "" if self.cache == "off" else known

    def model(self, role: Role) -> tuple[str, str | None]:
        """Name of the model for `role`, and the address of its server when one was given, here or in the environment."""
        name, base = self.named_model(role)
        # A model without an address takes none of the environment: only a given one is the user's mistake.
        return (name, base) if is_local(name) or is_scripted(name) else self._resolved(role, {**_addresses(), **self.api_bases})

    def named_model(self, role: Role) -> tuple[str, str | None]:
        """Name and address of the model for `role` as these options name them, whatever the environment holds."""
        return self._resolved(role, self.api_bases)

    def _resolved(self, role: Role, bases: Mapping[Role, str]) -> tuple[str, str | None]:
        roles = _MODEL_SOURCES[role]
        name = next((self.models[each] for each in roles if each in self.models), DEFAULT_MODEL)
        known = (each for each in roles if each in self.models or each in bases)
        return name, bases.get(next(known, role))

    def pace(self, role: Role, written: Mapping[Role, RateLimits] | None = None) -> RateLimits:
        """Rate limits for the model of `role`; `written` holds those of the pipeline.

        A limit that a role lacks is taken from the roles whose model it can use.
        """
        limits = RateLimits(parallel=self.parallel)
        for each in reversed(_MODEL_SOURCES[role]):
            limits = self.paces.get(each, RateLimits()).over((written or {}).get(each, RateLimits()).over(limits))
        return limits
