"""Grade answers with the judge model: render the rubric, read the grade, retry without one.

A judge's reply may hold no grade: a refusal, other words, or a reply that was cut off. The judge is then asked for another
sample, up to three times. These samples have fixed numbers of their own, so a re-run finds them in the cache. An answer that
still has no grade has no row, so it counts neither as right nor as wrong.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from promptwire.backend import Completion, Request, Settings
from promptwire.graph.model_calls import RETRIES
from promptwire.graph.steps import ModelCallSpec
from promptwire.metrics.grades import read_grade
from promptwire.node import Role
from promptwire.running.asked_log import AskedLog, Exchange
from promptwire.running.generation import RETRY_SAMPLES, request_for
from promptwire.running.session import Session
from promptwire.templating.parsing import parse_reply
from promptwire.templating.reasoning import without_reasoning
from promptwire.templating.template import Template, load_template
from promptwire.values import Example, Prompt

__all__ = ["Ask", "Judge"]


class Ask(Protocol):
    """Ask a role's model for one sample."""

    def __call__(self, request: Request, role: Role, first: int) -> Awaitable[Completion]:
        """Return the completion with the sample number `first`."""


@dataclass(frozen=True)
class Judge:
    """Grades answers for one step with the task's rubric."""

    session: Session
    path: str
    """Path of the step."""
    roles: Mapping[Role, Settings]
    """The pipeline's settings by role."""
    log: AskedLog | None = None
    """Log of some of its requests."""

    @cached_property
    def rubric(self) -> Template:
        """The task's rubric."""
        return load_template(Path(self.session.task.rubric or ""))

    async def grade(self, prompt: Prompt, example: Example, said: str, ask: Ask) -> tuple[float, str] | None:
        """Return the grade of the answer `said`, from 0 to 1, and the judge's reasons; None without a grade."""
        values = {"prompt": prompt, "input": example.input, "example": example, "answer": said, "outputs": example.outputs}
        settings = self.session.settings(ModelCallSpec(role="judge"), self.rubric, self.roles)
        request = request_for(self.rubric.render(values), settings)
        facts = {"template": self.rubric.name, "pair": (prompt.id, example.id)}
        exchange = Exchange(request, self.session.models["judge"], "judge", self.session.stream(""), facts)
        exchange.order = self.log.next_order() if self.log is not None else 0
        kept = self.log is not None and self.log.keeps(f"judge {prompt.id}")
        grade = await self._grade(exchange, ask)
        if self.log is not None and (kept or (len(exchange.replies) > 1 and self.log.keeps_unreadable())):
            self.log.write(exchange)
        return grade

    async def _grade(self, exchange: Exchange, ask: Ask) -> tuple[float, str] | None:
        """Ask until a reply has a grade, at most four times."""
        parse, verdict = self.rubric.front.parse, Completion()
        for again in range(RETRIES + 1):
            verdict = await ask(exchange.request, "judge", RETRY_SAMPLES * again)
            answers, readable = parse_reply(verdict.text, parse, cut=verdict.cut_off)
            grade = read_grade(answers[-1]) if readable and answers else None
            exchange.add(RETRY_SAMPLES * again, verdict, answers, readable=grade is not None, value=grade)
            if grade is not None:
                return grade, _reasons(without_reasoning(verdict.text), parse.marks)
            if again < RETRIES:
                self.session.count(self.path, "judge asked again")
        self.session.count_ungraded(self.path, verdict.text)
        return None


def _reasons(verdict: str, marks: tuple[str, str] | None) -> str:
    """Text of a judge's reply before its grade. The mark is found in any case, as the grade is."""
    if marks is None:
        return verdict.strip()
    starts = [found.start() for found in re.finditer(re.escape(marks[0]), verdict, re.IGNORECASE)]
    return verdict[: starts[-1]].strip() if starts else ""
