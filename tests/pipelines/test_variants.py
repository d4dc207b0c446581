"""What the papers' options do to the requests: positions, exemplars, conversations, limits, history, infill."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backend import Kind, Request
from promptwire.documents import resources
from promptwire.tasks.task import load_task
from promptwire.values import Example, Prompt, Prompts
from tests.pipelines.search_runs import kind_of, model, numbers, search, well_formed


def sent(requests: list[Request], kind: str) -> list[str]:
    """The last messages of the requests of a kind."""
    return [request.messages[-1].content for request in requests if kind_of(request) == kind]


@pytest.mark.parametrize(
    ("template", "layout"),
    [
        ("task/chat.j2", "<INS>\n\nInput: number {0}\nOutput:"),
        ("task/after.j2", "number {0}\n\n<INS>"),
        ("task/answer.j2", "Q: number {0}\nA: <INS>"),
    ],
)
async def test_opro_shows_its_text_where_the_tasks_template_puts_it(template: str, layout: str) -> None:
    """Before the question, after it, at the start of the answer: `--template` says it once for task and meta-prompt."""
    task = numbers(3).model_copy(update={"template": str(resources.template_path(template))})

    def reply(request: Request, key: str) -> str:
        text = request.messages[-1].content if request.messages else request.prompt
        return well_formed(request, key) if "right answer: " in text else "wrong"

    asked = model(reply)
    await search("opro", asked, task, params={"steps": 1, "scored_on": 3})
    (meta,) = [message for request in asked.requests for message in request.messages if "right answer: " in message.content]
    for number in range(3):
        assert f'"""\n{layout.format(number)}\n"""\nright answer: answer {number}\n' in meta.content


def test_a_task_template_of_ones_own_is_found_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.j2").write_text("{{ prompt }}: {{ example }}")
    monkeypatch.chdir(tmp_path)
    assert load_task("planted", {"template": "mine.j2"}).template == str(tmp_path / "mine.j2")
    assert load_task("planted", {"template": "task/after.j2"}).template == str(resources.template_path("task/after.j2"))


async def test_opro_shows_the_best_twenty_worst_first_in_whole_hundredths() -> None:
    values = {f"idea {place}": place for place in range(40)}

    def reply(request: Request, key: str) -> str:
        if kind_of(request) == "idea":
            return f"<instruction>{words.pop()}</instruction>"
        text = request.messages[-1].content
        best = values.get(text.partition("\n")[0], 0)
        number = int(text.partition("number ")[2].partition("\n")[0])
        return f"answer {number}" if number < best else "wrong"

    words = list(values)
    asked = model(reply)
    await search("opro", asked, numbers(60), params={"steps": 5, "scored_on": 60})
    shown = sent(asked.requests, "idea")[-1].split("text:\n")[1:]
    ranks = [int(part.partition("idea ")[2].partition("\n")[0]) for part in shown]
    scores = [int(part.partition("score:\n")[2].partition("\n")[0]) for part in shown]
    assert ranks == list(range(20, 40))
    assert scores == [round(rank / 60 * 100) for rank in ranks]


@pytest.mark.parametrize(
    ("patch", "policy"),
    [
        ("{search.problems: {n: 2}}", "hard"),
        ("{search.carry.tried.next: $scores, search.problems: {n: 2}}", "the latest texts' worst"),
    ],
)
async def test_opro_can_show_what_its_texts_got_wrong_most_often(tmp_path: Path, patch: str, policy: str) -> None:
    (tmp_path / "p.yaml").write_text(f"promptwire: 1\nextends: opro-hard\noverride: {patch}\n")
    hard = {"number 3", "number 7"}

    def reply(request: Request, key: str) -> str:
        if kind_of(request) == "idea":
            return well_formed(request, key)
        number = request.messages[-1].content.rpartition("Input: ")[2].partition("\n")[0]
        return "wrong" if number in hard else number.replace("number", "answer")

    asked = model(reply)
    await search(tmp_path / "p.yaml", asked, numbers(10), params={"steps": 3, "scored_on": 10})
    for text in sent(asked.requests, "idea"):
        assert {line.removeprefix("Input: ") for line in text.splitlines() if line.startswith("Input: ")} == hard


async def test_opro_can_show_the_same_problems_throughout(tmp_path: Path) -> None:
    text = "promptwire: 1\nextends: opro\noverride: {search.problems: null}\nnodes: {problems: {use: sample, of: $trainset, n: $exemplars}}\n"
    (tmp_path / "p.yaml").write_text(text)
    for path, sets in (("opro", 4), (tmp_path / "p.yaml", 1)):
        asked = model()
        await search(path, asked, numbers(100), params={"steps": 4, "scored_on": 4})
        shown = {
            tuple(line for line in text.splitlines() if line.startswith("Input: ")) for text in sent(asked.requests, "idea")
        }
        assert len(shown) == sets


async def test_pe2_goes_on_with_the_conversation_and_apo_does_not() -> None:
    asked = model()
    await search("pe2", asked, numbers(8, dev=4), params={"steps": 1})
    for request in asked.requests:
        if kind_of(request) == "refinement":
            roles = [message.role for message in request.messages]
            assert roles == ["system", "user", "assistant", "user"]
            assert "## Your examination" in request.messages[1].content
            assert request.messages[2].content.startswith("text ")
    asked = model()
    await search("apo", asked, numbers(8, dev=4), params={"steps": 1})
    assert {len(request.messages) for request in asked.requests if kind_of(request) == "edit"} == {1}
    assert len(sent(asked.requests, "edit")) == 4


async def test_pe2_shows_the_whole_request_and_the_hard_examples_of_each_proposal() -> None:
    task = numbers(30, dev=4).model_copy(update={"template": str(resources.template_path("task/after.j2"))})

    def reply(request: Request, key: str) -> str:
        text = request.messages[-1].content
        return well_formed(request, key) if "##" in text or "refine" in text else "wrong"

    asked = model(reply)
    await search("pe2", asked, task, params={"steps": 1})
    shown = [
        request.messages[-1].content for request in asked.requests if "## Your examination" in request.messages[-1].content
    ]
    assert len(shown) == len(set(shown)) == 4
    for text in shown:
        assert '"""\n<input>\n\nSay it.\n"""' in text
        assert text.count("### Example") == 2 and "2 examples that went wrong" in text


async def test_pe2_with_momentum_shows_scores_and_the_step_size() -> None:
    asked = model()
    await search("pe2-momentum", asked, numbers(8, dev=4), params={"steps": 2, "step_size": 7})
    first, *_, last = sent(asked.requests, "refinement")
    assert "- 0 of 100: Say it." in first and "Change at most 7 words" in first and "at most 50 words" in first
    assert last.count(" of 100: ") == 4
    plain = model()
    await search("pe2", plain, numbers(8, dev=4), params={"steps": 1})
    assert not any("Change at most" in text or " of 100: " in text for text in sent(plain.requests, "refinement"))


@pytest.mark.parametrize(("fills", "via"), [(True, "infill by suffix"), (False, "infill by template")])
async def test_apes_reverse_mode_fills_a_gap_or_a_blank_and_says_which(fills: bool, via: str) -> None:
    asked = model()

    def supports(kind: Kind, *, chat: bool) -> str:
        return "" if fills or kind != "infill" else "it fills no gaps"

    asked.supports = supports  # type: ignore[method-assign]
    run = await search("ape-reverse", asked, numbers(20))
    kinds = {request.kind for request in asked.requests if kind_of(request) == "induction"}
    assert kinds == ({"infill"} if fills else {"generate"})
    assert run.session.counts["proposals", via] == 5


async def test_ape_takes_a_template_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.j2").write_text(
        "---\nmode: completion\nparse: {line: first}\n---\n{% for e in examples %}{{ e }} -> {{ e.output }}\n{% endfor %}\nLet's"
    )
    (tmp_path / "p.yaml").write_text("promptwire: 1\nextends: ape\noverride: {proposals: {template: mine.j2}}\n")
    asked = model(lambda request, key: f" think {key}\nnot this" if request.prompt.endswith("Let's") else "wrong")
    run = await search(tmp_path / "p.yaml", asked, numbers(20), params={"draws": 1, "n": 3, "shots": 2})
    assert len(run.gave("proposals", "")["prompts"]["items"]) == 3
    assert all(" -> " in request.prompt for request in asked.requests if request.prompt.endswith("Let's"))


@pytest.mark.parametrize("pipeline", ["protegi", "pe2", "iterative-ape", "ape-paraphrase"])
async def test_what_is_rewritten_keeps_its_demonstrations(pipeline: str) -> None:
    demo = Example(input="shown", outputs=("so",))
    task = numbers(12, dev=4)
    start = Prompt(text="Say it.", demos=(demo,))
    task = task.model_copy(update={"prompts": Prompts(items=(start,))})
    params = {"ape-paraphrase": {}, "protegi": {"rounds": 1, "pulls": 50}}.get(pipeline, {"steps": 1})
    asked = model()
    await search(pipeline, asked, task, params=params)
    texts = sent(asked.requests, "task")
    assert len({text.partition("\n")[0] for text in texts}) > 1
    assert all("Input: shown\nOutput: so" in text for text in texts)
