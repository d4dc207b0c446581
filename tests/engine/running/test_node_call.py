"""One run of a node: template, model, replies and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request, Settings
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.errors import ContextOverflow, ModelError, NodeError, ReplyError, RequestRefused, Unsupported
from promptwire.graph.steps import LiteralValue, ModelCallSpec, Ref
from promptwire.node import Context, node
from promptwire.running.scheduler import run_graph
from promptwire.running.session import Session
from promptwire.values import Message, Model, Prompt
from tests.engine.sample_session import Nothing, call, graph, session


class In(Model):
    """A prompt to ask about."""

    prompt: Prompt
    """The prompt."""


class Ask(Model):
    """How to ask."""

    n: int = 1
    """Samples."""
    twice: bool = False
    """Whether to continue the conversation."""


class Seen(Model):
    """Slots of the template."""

    prompt: Prompt
    """The prompt."""


class Said(Model):
    """Outputs of the node."""

    answers: list[str]
    """The answers."""


@node(slots=Seen)
async def ask(inputs: In, params: Ask, context: Context) -> Said:
    """Ask about a prompt."""
    replies = await context.ask(Seen(prompt=inputs.prompt), n=params.n)
    if params.twice:
        replies = await context.ask(Seen(prompt=inputs.prompt), conversation=replies[0].conversation)
    return Said(answers=[answer for reply in replies for answer in reply.answers])


async def answers(
    folder: Path,
    text: str,
    model: ScriptedBackend,
    *,
    run: Session | None = None,
    params: dict[str, Any] | None = None,
    **asking: Any,
) -> list[str]:
    """Return the node's answers with this template."""
    path = folder / "ask.j2"
    path.write_text(text, encoding="utf-8")
    how = ModelCallSpec(role="meta", template=str(path), **asking)
    wires = {"prompt": LiteralValue(Prompt(text="P"))}
    given = {name: LiteralValue(value) for name, value in (params or {}).items()}
    made = graph(call("here", ask, wires, asking=how, **given), outputs={"out": Ref("here")}, types={"out": list})
    out: Sequence[str] = (await run_graph(made, {}, run or session(model)))["out"]
    return list(out)


def echo(request: Request, key: str) -> str:
    return request_text(request)


async def test_a_template_reads_the_slots_and_the_values_of_with(tmp_path: Path) -> None:
    assert await answers(tmp_path, "{{ prompt }} {{ tone }}", ScriptedBackend(echo), given={"tone": LiteralValue("kind")}) == [
        "P kind"
    ]


async def test_a_random_request_is_sent_once_per_sample(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: key)
    assert len(set(await answers(tmp_path, "{{ prompt }}", model, params={"n": 5}))) == 5


async def test_settings_of_the_step_override_those_of_the_template(tmp_path: Path) -> None:
    model = ScriptedBackend(echo)
    text = "---\nsettings: {temperature: 0.5, max_tokens: 9}\n---\n{{ prompt }}"
    await answers(tmp_path, text, model, settings=Settings(temperature=0.1))
    (request,) = model.requests
    assert (request.settings.temperature, request.settings.max_tokens) == (0.1, 9)


async def test_a_conversation_continues_with_the_reply(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: f"reply {len(request.messages)}")
    assert await answers(tmp_path, "{{ prompt }}", model, params={"twice": True}) == ["reply 3"]
    assert model.requests[1].messages == (
        Message(role="user", content="P"),
        Message(role="assistant", content="reply 1"),
        Message(role="user", content="P"),
    )


TAGGED = "---\nparse: {{tag: x, fallback: {fallback}}}\n---\n{{{{ prompt }}}}"


@pytest.mark.parametrize(("fallback", "expected", "counted"), [("drop", [], "unreadable"), ("raw", ["no tag"], "taken whole")])
async def test_an_unreadable_reply_is_dropped_or_taken_whole_and_counted(
    tmp_path: Path, fallback: str, expected: list[str], counted: str
) -> None:
    model = ScriptedBackend(lambda request, key: "no tag")
    run = session(model)
    assert await answers(tmp_path, TAGGED.format(fallback=fallback), model, run=run) == expected
    assert dict(run.counts) == {("here", counted): 1}
    assert run.unread_replies == {("here", counted): "no tag"}


def test_the_unreadable_reply_kept_does_not_depend_on_arrival_order() -> None:
    for order in ("abc", "cab", "bca"):
        run = session(ScriptedBackend(echo))
        for reply in order:
            run.count_unread("here", reply, taken=False)
        assert (run.counts["here", "unreadable"], run.unread_replies) == (3, {("here", "unreadable"): "a"})


async def test_an_unreadable_reply_can_be_an_error_that_shows_it(tmp_path: Path) -> None:
    with pytest.raises(ReplyError, match=r"here \(.*/ask\.j2\): no answer could be read out of the reply 'no tag'"):
        await answers(tmp_path, TAGGED.format(fallback="error"), ScriptedBackend(lambda request, key: "no tag"))


async def test_an_unreadable_reply_is_replaced_by_another_sample(tmp_path: Path) -> None:
    seen: list[str] = []

    def reply(request: Request, key: str) -> str:
        seen.append(key)
        return "<x>good</x>" if len(seen) == 3 else "bad"

    model = ScriptedBackend(reply)
    run = session(model)
    assert await answers(tmp_path, TAGGED.format(fallback="retry"), model, run=run) == ["good"]
    assert (len(set(seen)), run.counts["here", "asked again"]) == (3, 2)


async def test_a_failed_call_is_skipped_only_under_on_error_skip(tmp_path: Path) -> None:
    def refuse(request: Request, key: str) -> str:
        raise RequestRefused("never")

    run = session(ScriptedBackend(refuse))
    assert await answers(tmp_path, "{{ prompt }}", ScriptedBackend(refuse), run=run, on_error="skip") == []
    assert run.counts["here", "skipped"] == 1
    with pytest.raises(ModelError, match="never"):
        await answers(tmp_path, "{{ prompt }}", ScriptedBackend(refuse))


REFUSALS = [ContextOverflow("too long"), RequestRefused("HTTP 400: no")]


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: error.problem)
async def test_a_refused_request_is_left_out_when_another_of_the_step_succeeds(tmp_path: Path, error: RequestRefused) -> None:
    def reply(request: Request, key: str) -> str:
        if len(request.messages) > 1:
            raise error
        return "reply"

    run = session(ScriptedBackend(reply))
    assert await answers(tmp_path, "{{ prompt }}", ScriptedBackend(reply), run=run, params={"twice": True}) == []
    assert (run.counts["here", "refused"], run.refusals) == (1, {"here": error.problem})


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: error.problem)
async def test_a_step_whose_requests_are_all_refused_is_an_error(tmp_path: Path, error: RequestRefused) -> None:
    def refuse(request: Request, key: str) -> str:
        raise error

    with pytest.raises(type(error), match=error.problem):
        await answers(tmp_path, "{{ prompt }}", ScriptedBackend(refuse), params={"n": 3})


async def test_more_failed_calls_than_max_failed_allows_fail_the_node(tmp_path: Path) -> None:
    def refuse(request: Request, key: str) -> str:
        raise RequestRefused("never")

    allowed = {"on_error": "skip", "max_failed": 1.0}
    assert await answers(tmp_path, "{{ prompt }}", ScriptedBackend(refuse), **allowed) == []
    with pytest.raises(NodeError, match=r"1 of 1 calls failed, more than max_failed: 0.5 allows"):
        await answers(tmp_path, "{{ prompt }}", ScriptedBackend(refuse), **{**allowed, "max_failed": 0.5})


GAP = "---\nmode: completion\n{more}---\nbefore {{{{ prompt }}}}\n--- gap ---\nafter\n"


class Gapless(ScriptedBackend):
    """A model that can't fill gaps."""

    def supports(self, kind: str, *, chat: bool) -> str:
        return "it can't fill gaps" if kind == "infill" else ""


async def test_a_gap_is_filled_by_the_model_or_by_the_instead_template(tmp_path: Path) -> None:
    (tmp_path / "blank.j2").write_text("fill the blank of {{ prompt }}")
    text = GAP.format(more="instead: blank.j2\n")
    filler, gapless = ScriptedBackend(echo), Gapless(echo)
    first, second = session(filler), session(gapless)
    assert await answers(tmp_path, text, filler, run=first) == ["before Pafter"]
    assert await answers(tmp_path, text, gapless, run=second) == ["fill the blank of P"]
    assert (first.counts["here", "infill by suffix"], second.counts["here", "infill by template"]) == (1, 1)
    with pytest.raises(Unsupported, match=r"give .*ask\.j2 an `instead:` template"):
        await answers(tmp_path, GAP.format(more=""), gapless)


@node()
async def meddler(inputs: In, params: Nothing, context: Context) -> Said:
    """Ask a model without declared slots."""
    await context.ask(Seen(prompt=inputs.prompt))
    return Said(answers=[])


async def test_a_node_declared_without_slots_can_not_ask_a_model() -> None:
    made = graph(
        call("here", meddler, {"prompt": LiteralValue(Prompt(text="P"))}), outputs={"out": Ref("here")}, types={"out": list}
    )
    with pytest.raises(NodeError, match="not declared to ask a model"):
        await run_graph(made, {}, session(ScriptedBackend(echo)))


async def test_a_template_for_a_model_draws_by_seed_and_slots(tmp_path: Path) -> None:
    """The same seed sends the same request; another seed another one."""
    text, sent = "{{ prompt }} {{ uniform(0, 1) }}", []
    for seed in (0, 0, 1):
        model = ScriptedBackend(echo)
        sent += await answers(tmp_path, text, model, run=session(model, seed=seed))
    assert sent[0] == sent[1] != sent[2]
