"""Models of a verification: those of the run where they can be had again, or what the user names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptwire.backend import Backend, Completion, Quote, Request
from promptwire.backends.factory import backend
from promptwire.backends.replay_backend import BackendSnapshot, ReplayBackend
from promptwire.errors import ModelUnavailable, PromptwireError
from promptwire.exporting.exported import Exported
from promptwire.local_settings import LocalSettings, is_local
from promptwire.node import Role
from promptwire.options import Options
from promptwire.results.lenient import as_dict, read_model, read_object

__all__ = ["AbsentModel", "run_models", "same_model", "with_run_models"]


class AbsentModel(ReplayBackend):
    """Model of a run that can't be called from here: only what the cache holds of it is known."""

    def __init__(self, snapshot: BackendSnapshot, why: str) -> None:
        super().__init__(snapshot)
        self._why = why

    def error(self) -> ModelUnavailable:
        """The error of a call."""
        hint = "name the model with --model and its address with --api-base"
        problem = f"{self.name} can't be called: {self._why}; the cache does not hold all of its answers"
        return ModelUnavailable(problem, hint=hint)

    def quote(self) -> Quote:
        """Unknown; nothing is ever sent."""
        return Quote(None, None, "it can't be called", hosted=False)

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Raise ModelUnavailable."""
        raise self.error()


def with_run_models(options: Options, source: Exported) -> Options:
    """`options` with the models and the seed of the run where none are named."""
    models: dict[Any, str] = {**source.report.models, **options.models}
    return options.model_copy(update={"models": models, "seed": source.report.seed, "repeats": source.report.repeats})


def run_models(options: Options, source: Exported, roles: Sequence[Role], named: Options) -> dict[Role, Backend]:
    """The backend of each of `roles`, none open yet. `options` have the models of the run beside those that the user `named`.

    Where the user named neither model nor address, a backend that is not the run's own gives way to one that has no more than
    the cache. Raises UsageError or ModelUnavailable for a model that the user named.
    """
    snapshots = _snapshots(source)
    found: dict[Role, Backend] = {}
    for role in roles:
        chosen = bool(named.models or named.api_bases)
        try:
            made = _made(options, role, source)
        except PromptwireError as error:
            if chosen or role not in snapshots:
                raise
            found[role] = AbsentModel(snapshots[role], error.problem)
            continue
        known = snapshots.get(role)
        absent = not chosen and known is not None and known.identity != made.identity
        found[role] = AbsentModel(known, "the run had another address or model file") if absent and known else made
    return found


def same_model(model: Backend, source: Exported) -> bool:
    """Whether `model` is the task model of the run, at the same address; also where the run folder does not tell."""
    known = _snapshots(source).get("task")
    return known is None or known.identity == model.identity


def _made(options: Options, role: Role, source: Exported) -> Backend:
    name, api_base = options.model(role)
    local = source.record.local.get(role, LocalSettings()) if is_local(name) else LocalSettings()
    parallel = options.pace(role).parallel
    ambient = api_base != options.named_model(role)[1]
    return backend(name, api_base=api_base, parallel=parallel, timeout=options.timeout, role=role, local=local, ambient=ambient)


def _snapshots(source: Exported) -> Mapping[Role, BackendSnapshot]:
    models: Any = as_dict(as_dict(read_object(source.run.folder / "run.json")).get("models"))
    found = {role: read_model(BackendSnapshot, data) for role, data in models.items()}
    return {role: one for role, one in found.items() if one is not None}
