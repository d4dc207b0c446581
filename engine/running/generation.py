"""Ask a step's model: render the template, send the request, read the replies.

A template's only variables are the node's slots, the names under `with:`, and `asked` (see
`promptwire.templating.task_prompt`). The template's `fallback` decides about an unreadable reply: drop it, take it whole, raise
an error, or ask again. Asking again happens up to three times. These samples have fixed numbers of their own, so a re-run finds
them in the cache. Every outcome is counted under the step's path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from promptwire.backend import Completion, Request, Settings
from promptwire.cache.record import filtered
from promptwire.errors import ModelError, ReplyError, RequestRefused, TransientError, Unsupported
from promptwire.graph.model_calls import RETRIES
from promptwire.graph.steps import ModelCallSpec
from promptwire.node import Reply, Role
from promptwire.running.asked_log import AskedLog, Exchange, critiques_in
from promptwire.running.gather import gather
from promptwire.running.kept_placeholders import told_of
from promptwire.running.session import Session
from promptwire.running.streams import SHARED, StepPosition
from promptwire.templating.parsing import reading
from promptwire.templating.template import Rendered, Template, load_template
from promptwire.values import Message, Model
from promptwire.values.hashing import stream
from promptwire.values.placeholders import Placeholders

__all__ = ["RETRY_SAMPLES", "Generator", "request_for", "skippable"]

RETRY_SAMPLES = 1_000_000
"""First sample number of the second, third and fourth tries."""


@dataclass(frozen=True, slots=True)
class Generator:
    """Generates replies with the model of one step."""

    session: Session
    path: str
    """Path of the step."""
    asking: ModelCallSpec
    given: Mapping[str, Any]
    """Values of `with:`."""
    roles: Mapping[Role, Settings]
    """The pipeline's settings by role."""
    stream: str
    """Stream of random calls; part of their cache key."""
    position: StepPosition
    """Path and elements at which the step makes its requests."""
    log: AskedLog
    """Log of its requests."""
    placeholders: Placeholders = field(default_factory=Placeholders)
    """Placeholders that what it writes has to keep; none for a step that writes no prompts."""

    async def ask(self, slots: Model, n: int, first: int, conversation: Sequence[Message]) -> tuple[Reply, ...]:
        """Return `n` replies; see `Context.ask`. Fewer when calls are skipped, filtered or refused."""
        template, rendered = self._render(slots, first)
        request = request_for(rendered, self.session.settings(self.asking, template, self.roles), conversation)
        facts = {"template": template.name, "critiques": critiques_in(slots)}
        backend, role = self.session.models[self.asking.role], self.asking.role
        exchange = Exchange(request, backend, role, self._stream(request, first, n), facts, order=self.log.next_order())
        try:
            return await self._exchanged(exchange, template, n, first)
        finally:
            self.log.write(exchange)

    async def _exchanged(self, exchange: Exchange, template: Template, n: int, first: int) -> tuple[Reply, ...]:
        """Send the request for `n` samples and read the replies."""
        try:
            answers = await self._answers(exchange, n, first)
        except ModelError as error:
            exchange.error = str(error)
            if self.asking.on_error == "skip" and skippable(error):
                self.session.count(self.path, "skipped", n)
            elif isinstance(error, RequestRefused) and self._had_another():
                self.session.count_refused(self.path, [error] * n)
            else:
                raise
            return ()
        passed = [(sample, answer) for sample, answer in enumerate(answers, first) if not filtered(answer)]
        self.session.count(self.path, "filtered", len(answers) - len(passed))
        if len(passed) == 1:
            ((sample, answer),) = passed
            return (await self._read(template, exchange, answer, sample),)
        try:
            return await gather([self._read(template, exchange, answer, sample) for sample, answer in passed])
        finally:  # in the order of the samples, each followed by what was asked in its place
            exchange.replies.sort(key=lambda reply: (reply.sample % RETRY_SAMPLES, reply.sample))

    def _had_another(self) -> bool:
        """Whether a call of this step has succeeded, or may still: only some of its requests are then refused."""
        usage = self.session.gateway.usage.of(self.path)
        return usage.failed < usage.wanted

    def _render(self, slots: Model, first: int) -> tuple[Template, Rendered]:
        """Render the step's template, or its `instead:` template when the model can't fill a gap.

        Draws depend on the slots and on `first`, not on the order in which a node asks.
        """
        values = self.session.template_values(slots, self.given)
        template = load_template(Path(self.asking.template or ""), parse=self.asking.parse)

        def drawing() -> Random:
            shown = repr(slots.model_dump(mode="json"))
            return stream("template", self.stream, self.path, self.position.element, shown, first)

        rendered = told_of(self.placeholders, template.render(values, drawing))
        if rendered.suffix is None:
            return template, rendered
        backend = self.session.models[self.asking.role]
        reason = backend.supports("infill", chat=False)
        if not reason:
            self.session.count(self.path, "infill by suffix")
            return template, rendered
        fallback = template.fallback()
        if fallback is None:
            raise Unsupported(reason, where=self.path, hint=f"give {template.name} an `instead:` template without a gap")
        self.session.count(self.path, "infill by template")
        return fallback, told_of(self.placeholders, fallback.render(values, drawing))

    def _stream(self, request: Request, first: int, n: int) -> str:
        """Stream of these samples, labelled when another step makes the same request (see `running.streams`)."""
        if not request.random:
            return self.stream
        question = request.key(self.session.models[self.asking.role].identity, sample=0, stream=self.stream)
        label, shared = self.session.streams.label(question, self.position, first, n)
        for path, count in shared.items():
            self.session.count(path, SHARED, count)
        return self.stream + label

    async def _answers(self, exchange: Exchange, n: int, first: int) -> tuple[Completion, ...]:
        return await self.session.gateway.ask(
            exchange.backend,
            exchange.request,
            n=n,
            first=first,
            stream=exchange.stream,
            policy=self.asking.cache,
            node=self.path,
            role=self.asking.role,
            rounds=self.asking.rounds,
            stage=self.session.stage,
        )

    async def _read(self, template: Template, exchange: Exchange, answer: Completion, sample: int) -> Reply:
        """Read `answer` with the template's parser; ask again when it is unreadable and `fallback` is `retry`."""
        parse, request, asked = template.front.parse, exchange.request, sample
        for again in range(RETRIES + 1):
            said = reading(answer.text, parse, cut=answer.cut_off)
            exchange.add(asked, answer, said.answers, readable=said.readable)
            if said.readable or parse.fallback != "retry" or again == RETRIES:
                break
            self.session.count(self.path, "asked again")
            asked = RETRY_SAMPLES * (again + 1) + sample
            (answer,) = await self._answers(exchange, 1, asked)
        cut = answer.cut_off and not said.readable
        self.session.truncations.add(self.path, request.settings.max_tokens, cut=cut)
        self.session.count(self.path, "cut off", cut)
        self.session.count(self.path, "marks mended", said.mended)
        if not said.readable:
            self.session.count_unread(self.path, answer.text, taken=bool(said.answers))
            if parse.fallback == "error":
                hint = "change the template's `parse:`, or its `fallback:` to drop, raw or retry"
                raise ReplyError(
                    f"no answer could be read out of the reply {answer.text[:200]!r}",
                    where=f"{self.path} ({template.name})",
                    hint=f"it was cut off: raise max_tokens={request.settings.max_tokens}" if cut else hint,
                )
        spoken = (*request.messages, Message(role="assistant", content=said.text)) if request.messages else ()
        return Reply(said.text, said.answers, spoken)


def request_for(rendered: Rendered, settings: Settings, conversation: Sequence[Message] = ()) -> Request:
    """The request to generate from a rendered template, continuing `conversation` when it is a chat."""
    if rendered.messages:
        return Request("generate", messages=(*conversation, *rendered.messages), settings=settings)
    if rendered.suffix is not None:
        return Request("infill", prompt=rendered.prompt, suffix=rendered.suffix, settings=settings)
    return Request("generate", prompt=rendered.prompt, settings=settings)


def skippable(error: ModelError) -> bool:
    """Whether `on_error: skip` may pass over it: this call failed, but others may work."""
    return isinstance(error, TransientError | RequestRefused)
