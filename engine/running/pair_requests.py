"""Make the requests that score prompts on examples, and look up many of them in the cache together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptwire.backend import Completion, Request, Settings
from promptwire.gateway.shared_answers import SharedAnswers
from promptwire.graph.steps import ModelCallSpec
from promptwire.metrics.metric_type import Needs
from promptwire.running.asked_log import AskedLog
from promptwire.running.generation import request_for
from promptwire.running.session import Session
from promptwire.templating.pair_rendering import PairRenderer
from promptwire.values import Example, Prompt
from promptwire.values.request_key import RequestKeys

__all__ = ["PairCall", "PairRequests"]


@dataclass(slots=True)
class PairCall:
    """A request for the answers to one prompt and example, and those that the cache holds."""

    prompt: Prompt
    """The prompt."""
    example: Example
    """The example."""
    request: Request
    """The request."""
    order: int
    """Position among the requests of this run of the step."""
    kept: bool
    """Whether it is logged, readable or not."""
    asked: RequestKeys | None = None
    """Its cache keys; None when they were not looked up."""
    answers: tuple[Completion, ...] | None = None
    """The cached answers; None when a model has to be asked."""


@dataclass(frozen=True, slots=True)
class PairRequests:
    """Makes the requests of one step."""

    session: Session
    path: str
    """Path of the step."""
    asking: ModelCallSpec
    template: PairRenderer
    """Template that joins prompt and input."""
    settings: Settings
    """Sampling settings."""
    needs: Needs
    """What the metric needs from the model."""
    repeats: int = 1
    """Answers per prompt and example."""
    log: AskedLog | None = None
    """Log of some of its requests."""

    def call(self, prompt: Prompt, example: Example) -> PairCall:
        """Return the call for one pair. Its answers are not looked up."""
        request = self._generating(prompt, example)
        if self.needs == "choice":
            request = self._choosing(request)
        elif self.needs == "logprob":
            request = Request("logprob", request.messages, request.prompt, options=(example.output,))
        if self.log is None:
            return PairCall(prompt, example, request, 0, False)
        return PairCall(prompt, example, request, self.log.next_order(), self.log.keeps(prompt.id))

    def recalled(self, pairs: Sequence[tuple[Prompt, Example]]) -> list[PairCall]:
        """Return the calls for `pairs`, with the answers that the cache holds, which are looked up together."""
        made = [self.call(prompt, example) for prompt, example in pairs]
        self._recall(made)
        return made

    def _recall(self, made: Sequence[PairCall]) -> None:
        """Fill in the answers that the cache holds."""
        recalled = self.session.gateway.recall(
            self.session.models[self.asking.role],
            [call.request for call in made],
            n=self.repeats,
            stream=self.session.stream(""),
            policy=self.asking.cache,
            node=self.path,
            role=self.asking.role,
        )
        for call, (asked, answers) in zip(made, recalled, strict=True):
            call.asked, call.answers = asked, answers

    async def fetch(self, calls: Sequence[PairCall], shared: SharedAnswers) -> None:
        """Fill in the answers that other machines have paid for. All are fetched together."""
        missing = [call for call in calls if call.answers is None and call.asked is not None]
        if not missing or (self.asking.cache or self.session.gateway.policy) != "use":
            return
        keys = [call.asked.key(sample) for call in missing if call.asked for sample in range(self.repeats)]
        if await shared.prefetch(keys):
            self._recall(missing)

    def choosing(self, prompt: Prompt, example: Example) -> Request:
        """The request for the likeliest label."""
        return self._choosing(self._generating(prompt, example))

    def _choosing(self, request: Request) -> Request:
        return Request("choose", request.messages, request.prompt, options=self.session.task.labels)

    def _generating(self, prompt: Prompt, example: Example) -> Request:
        return request_for(self.template.render(prompt, example), self.settings)
