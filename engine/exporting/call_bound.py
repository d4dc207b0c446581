"""Bound of a verification's calls: shown, and approved if need be, before the first call that the cache does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promptwire.backend import Backend, Request
from promptwire.cache.maintenance import look_up
from promptwire.errors import CacheError
from promptwire.exporting.form_scorer import FormScorer
from promptwire.exporting.result import Export
from promptwire.exporting.run_models import AbsentModel
from promptwire.gateway.call_size import estimated_tokens
from promptwire.node import Role
from promptwire.options import cache_folder
from promptwire.planning.dry_run import ApproveCost
from promptwire.planning.plan import Plan
from promptwire.planning.step_plan import StepPlan
from promptwire.planning.token_estimate import REPLY
from promptwire.values import Example

__all__ = ["CallBound"]


@dataclass(slots=True)
class CallBound:
    """The most calls that a verification still makes, and what they may cost."""

    made: Export
    """The export that is verified."""
    models: Mapping[Role, Backend]
    """Models by role."""
    path: str
    """Path of the calls."""
    missing: list[Request] = field(default_factory=list)
    """Requests that the cache does not hold, one for each answer."""
    wanted: int = 0
    """Number of answers."""

    def look_up(self, scorer: FormScorer, tests: Sequence[Example]) -> None:
        """Find the requests of `scorer` for `tests` that the cache does not hold."""
        session, prompt = scorer.session, self.made.source.prompt
        identity, stream = self.models["task"].identity, session.stream("")
        requests = [scorer.requests.call(prompt, example).request for example in tests]
        keys = [
            (request, key.key(sample))
            for request in requests
            for key in [request.keys(identity, stream)]
            for sample in range(session.repeats)
        ]
        self.wanted = len(keys)
        held = _held([key for _, key in keys]) if session.gateway.policy in ("use", "only") else set()
        self.missing = [request for request, key in keys if key not in held]

    def decide(self, approve: ApproveCost | None) -> None:
        """Let the first call go, or raise: a model that can't be called has an error, and `approve` may refuse the plan."""
        absent = next((model for model in self.models.values() if isinstance(model, AbsentModel)), None)
        if absent is not None and (self.missing or isinstance(self.models.get("judge"), AbsentModel)):
            raise absent.error()
        if approve is not None:
            approve(self.plan())

    def plan(self) -> Plan:
        """The bound as a plan of one step, and of a second one for a judge."""
        source, n = self.made.source, len(self.missing)
        read = sum(estimated_tokens(request) - (request.settings.max_tokens or 0) for request in self.missing)
        rows = [self._row("task", n, read, n * (source.record.settings.max_tokens or REPLY))]
        if "judge" in self.models:
            rows.append(self._row("judge", self.wanted, read + self.wanted * REPLY, self.wanted * REPLY))
        total = rows[0].model_copy(update={"path": "total", "node": "", "model": None, **_sums(rows)})
        quotes = {role: model.quote() for role, model in self.models.items()}
        return Plan(
            pipeline="export",
            task=source.record.task,
            models={role: model.name for role, model in self.models.items()},
            prices={self.models[role].name: quote.source for role, quote in quotes.items()},
            hosted=any(quote.hosted for quote in quotes.values()),
            steps=tuple(rows),
            total=total,
            replay=0,
            call=len(rows),
            limit=None,
            notes=(),
        )

    def _row(self, role: Role, calls: int, read: int, written: int) -> StepPlan:
        usd = self.models[role].quote().usd(read, written)
        return StepPlan(
            path=self.path,
            node="held-out examples",
            model=role,
            least=0,
            most=calls,
            tokens_in=read,
            tokens_out=written,
            usd=usd,
            cached=self.wanted - len(self.missing) if role == "task" else 0,
            new=calls,
            new_usd=usd,
        )


def _sums(rows: list[StepPlan]) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {}
    for name in ("least", "most", "tokens_in", "tokens_out", "usd", "cached", "new", "new_usd"):
        values = [getattr(row, name) for row in rows]
        found[name] = None if None in values else sum(values)
    return found


def _held(keys: list[str]) -> set[str]:
    """Those of `keys` that the cache holds."""
    try:
        return {*look_up(cache_folder(), keys)}
    except CacheError:  # no cache yet
        return set()
