"""Meta model of scripted:planted: replies in the requested format and uses only what the request shows."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted_meta import HINT, fields, meta, scored
from promptwire.documents import resources
from promptwire.templating.parsing import Parse, parse_reply
from promptwire.templating.task_prompt import asked_by
from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import load_template
from promptwire.values import (
    Critique,
    Critiques,
    Entry,
    Example,
    Failure,
    FailureGroup,
    Failures,
    History,
    Message,
    Prompt,
    Prompts,
)

RED = Example(input="Parcel to Oslo: colour red; shelf B4.", outputs=("Oslo; colour red",))
MAY = Example(input="Parcel to Cork: deadline May 2; route north.", outputs=("Cork; deadline May 2",))
START = Prompt(text="Write the label. State the weight.")
CASES = (
    Failure(example=RED, output="Oslo", answer="Oslo", value=0),
    Failure(example=MAY, output="Cork; route north", answer="Cork; route north", value=0),
)
BASE: dict[str, Any] = {
    "prompt": START,
    "failures": CASES,
    "n": 1,
    "examples": (),
    "history": History(),
    "step_size": None,
    "max_words": None,
    "asked": asked_by(load_template(resources.template_path("task/chat.j2")), RED, TaskForm()),
}


def ask(template: str, key: str = "k", before: tuple[Message, ...] = (), **values: Any) -> tuple[str, ...]:
    """Answers that the shipped template's parser reads from the reply."""
    found = load_template(resources.template_path(template))
    rendered = found.render({**BASE, **values})
    request = Request("generate", (*before, *rendered.messages), rendered.prompt)
    if rendered.suffix is not None:
        request = Request("infill", prompt=rendered.prompt, suffix=rendered.suffix)
    said = meta(request, key)
    assert said is not None
    answers, readable = parse_reply(said, found.front.parse)
    assert readable
    return answers


def named(*texts: str) -> set[str]:
    """Hints in texts."""
    return {hint.lower() for text in texts for hint in HINT.findall(text)}


def history(**scores: float) -> History:
    """History of prompts with one hint each."""
    return History(
        entries=tuple(
            Entry(prompt=Prompt(text=f"Do it. State the {name}."), score=score, n=9) for name, score in scores.items()
        )
    )


def test_a_critique_names_fields_that_given_answers_lack() -> None:
    reasons = ask("protegi/gradient.j2", n=2)
    assert sorted(reasons) == ["It has to state the colour.", "It has to state the deadline, drop the route."]
    assert len(ask("protegi/gradient.j2", n=4)) == 4
    assert ask("protegi/gradient.j2", failures=()) == ("It could be clearer.",)


def test_an_edit_follows_only_its_critique() -> None:
    critique = Critique(text="It has to state the colour, drop the weight.", prompt=START)
    (written,) = ask("protegi/edit.j2", critique=critique)
    assert named(written) == {"colour"}
    assert len(ask("protegi/edit.j2", critique=critique, n=3)) == 3
    vague = Critique(text="It could be clearer.", prompt=START)
    assert named(*ask("protegi/edit.j2", critique=vague)) == {"weight"}


def test_an_edit_follows_a_critique_in_a_template_of_ones_own() -> None:
    fault = "A reviewer sees this fault in it: it has to state the colour.\n\nWrite a better prompt, between <START> and <END>."
    said = meta(Request("generate", (Message(role="user", content=PROMPT + fault),)), "k")
    assert said is not None
    assert named(said) == {"weight", "colour"}


@pytest.mark.parametrize("template", ["protegi/paraphrase.j2", "ape/resample.j2", "ape/paraphrase.j2"])
def test_a_paraphrase_has_the_same_hints_in_other_words(template: str) -> None:
    written = {ask(template, key)[0] for key in map(str, range(8))}
    assert len(written) > 4
    assert all(named(text) == {"weight"} for text in written)


@pytest.mark.parametrize("template", ["ape/forward.j2", "ape/reverse.j2", "ape/blank.j2", "pe2/induce.j2"])
def test_an_induction_names_fields_of_the_outputs_shown(template: str) -> None:
    texts = [ask(template, key, examples=(RED, MAY))[0] for key in map(str, range(20))]
    assert named(*texts) == {"colour", "deadline"}
    assert any(named(text) != {"colour", "deadline"} for text in texts)
    assert named(*ask(template, examples=())) == set()


def test_opro_starts_from_the_best_prompt_and_adds_fields_of_examples() -> None:
    shown = history(colour=0.2, stamp=0.1).entries
    texts = [ask("opro/meta.j2", key, history=shown, examples=(RED, MAY))[0] for key in map(str, range(60))]
    assert named(*texts) == {"colour", "shelf", "deadline", "route"}
    assert sum("colour" in named(text) for text in texts) > 40
    assert named(*ask("opro/meta.j2", history=(), examples=())) == set()


def test_a_refinement_follows_the_examination_within_limits() -> None:
    (examination,) = ask("pe2/examine.j2")
    assert examination.splitlines() == [
        "Example 1: It has to state the colour.",
        "Example 2: It has to state the deadline, drop the route.",
    ]
    before = (Message(role="assistant", content=examination),)
    assert named(*ask("pe2/refine.j2", before=before)) == {"weight", "colour", "deadline"}
    assert len(named(*ask("pe2/refine.j2", before=before, step_size=5))) == 2
    assert named(*ask("pe2/refine.j2", before=before, max_words=8)) == {"weight"}
    assert named(*ask("pe2/refine.j2")) == {"weight"}


def test_textgrads_feedback_on_a_response_reaches_the_prompt() -> None:
    (said,) = ask("textgrad/response.j2", failures=CASES[1:])
    assert said == "It has to state the deadline, drop the route."
    right = Failure(example=RED, output="Oslo; colour red", answer="Oslo; colour red", value=1)
    assert ask("textgrad/response.j2", failures=(right,)) == ("It is right as it is.",)
    critiques = Critiques(items=(Critique(text=said, prompt=START), Critique(text="State the colour.", prompt=START)))
    (blamed,) = ask("textgrad/prompt.j2", said=Critiques(items=critiques.items[:1]))
    assert blamed == said
    (written,) = ask("textgrad/update.j2", prompts=Prompts(items=(START,)), feedback=critiques, constraints="")
    assert named(written) == {"weight", "deadline", "colour"}
    assert named(*ask("textgrad/update.j2", prompts=Prompts(items=(START,)), feedback=Critiques(), constraints="")) == {
        "weight"
    }


def test_a_reflection_follows_the_feedback_of_all_cases() -> None:
    group = FailureGroup(prompt=START, cases=CASES)
    (written,) = ask("gepa/reflect.j2", prompts=Prompts(items=(START,)), seen=Failures(groups=(group,)))
    assert named(written) == {"weight", "colour", "deadline"}
    assert named(*ask("gepa/reflect.j2", prompts=Prompts(items=(START,)), seen=Failures())) == {"weight"}


def test_copro_starts_from_the_best_attempt() -> None:
    shown = history(colour=0.4, stamp=0.1).entries
    texts = [ask("copro/propose.j2", key, history=shown, prompts=())[0] for key in map(str, range(20))]
    assert sum("colour" in named(text) for text in texts) > 10
    assert named(*texts) <= {"colour", "stamp"}


def test_a_refinement_takes_hints_of_better_prompts() -> None:
    shown = history(colour=0.4, sender=0.3, stamp=0.1).entries
    assert named(*ask("pe2/refine.j2", history=shown)) == {"weight", "colour", "sender"}


def family(*hints: str) -> tuple[Prompt, ...]:
    """Parents with one common hint, and another hint each."""
    return tuple(Prompt(text=f"Do it. State the weight. State the {hint}.") for hint in hints)


def test_a_child_has_all_common_hints_and_some_of_one_parent() -> None:
    texts = [ask("evoprompt/ga.j2", key, family=family("colour", "sender"))[0] for key in map(str, range(40))]
    assert all("weight" in named(text) for text in texts)
    assert {len(named(text)) for text in texts} == {1, 2, 3}
    assert named(*texts) == {"weight", "colour", "sender"}


def test_a_child_follows_the_critiques_of_its_parents() -> None:
    critiques = ((Critique(text="It has to state the deadline, drop the sender.", prompt=START),), ())
    for key in map(str, range(8)):
        (text,) = ask("evoprompt/guided.j2", key, family=family("colour", "sender"), critiques=critiques)
        assert {"weight", "deadline"} <= named(text) <= {"weight", "deadline", "colour"}


@pytest.mark.parametrize("template", ["evoprompt/de.j2", "capo/cross.j2"])
def test_each_operator_makes_a_child(template: str) -> None:
    some = family("colour", "sender", "stamp")
    values = {"family": some, "donors": some[1:], "best": some[0], "task": "", "prompt": some[0]}
    texts = [ask(template, key, **values)[0] for key in map(str, range(12))]
    assert {"weight", "colour", "sender"} <= named(*texts) <= {"weight", "colour", "sender", "stamp"}


def test_a_mutation_paraphrases() -> None:
    assert named(*(ask("capo/mutate.j2", key, task="Label it.")[0] for key in map(str, range(6)))) == {"weight"}


PROMPT = '"""\nLabel it. State the weight.\n"""\n'
ERROR = "Input: Parcel to Oslo: colour red; shelf B4.\n{}: Oslo; colour red\n{}: Oslo; weight 5 kg\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PROMPT + ERROR.format("Expected", "Got") + "Mend it, between <NEW> and </NEW>.", {"colour"}),
        (
            PROMPT + "Input: Parcel to Oslo.\nIt wrote: Oslo; shelf B4\nRight: Oslo; colour red\nMend it: <NEW></NEW>",
            {"weight", "colour"},
        ),
        (PROMPT + "Critique: it has to state the colour and drop the weight.\nMend it, between <NEW> and </NEW>.", {"colour"}),
        ("Parcel to Oslo: colour red.\nLabel: Oslo; colour red\n\nWhat was asked? Between <NEW> and </NEW>.", {"colour"}),
        (PROMPT + "Say it in other words, between <NEW> and </NEW>.", {"weight"}),
    ],
)
def test_a_template_that_is_not_shipped_gets_a_fitting_reply(text: str, told: set[str]) -> None:
    said = meta(Request("generate", (Message(role="user", content=text),)), "k")
    answers, readable = parse_reply(said or "", Parse(tag="NEW"))
    assert (named(*answers), readable) == (told, True)


@pytest.mark.parametrize("tag", ["prompt", "instruction", "blank", "variation", "INS", "mine"])
def test_errors_decide_the_reply_whatever_the_tag_is_called(tag: str) -> None:
    text = f"{PROMPT}{ERROR.format('Expected', 'Given')}Write a better one, between <{tag}> and </{tag}>."
    answers, readable = parse_reply(meta(Request("generate", (Message(role="user", content=text),)), "k") or "", Parse(tag=tag))
    assert (named(*answers), readable) == ({"colour"}, True)


def test_several_prompts_in_a_template_of_ones_own_are_crossed() -> None:
    text = f"{PROMPT}1.\n{PROMPT.replace('weight', 'colour')}Go on with the next one: <mine>the prompt</mine>"
    texts = [meta(Request("generate", (Message(role="user", content=text),)), key) or "" for key in map(str, range(20))]
    assert named(*texts) == {"weight", "colour"}
    assert {frozenset(named(one)) for one in texts} > {frozenset({"weight", "colour"})}


def test_a_quoted_critique_is_followed_and_is_no_second_prompt() -> None:
    text = f'{PROMPT}A critic says:\n"""\nIt has to state the colour, drop the weight.\n"""\nMend it: <mine>the prompt</mine>'
    assert named(meta(Request("generate", (Message(role="user", content=text),)), "k") or "") == {"colour"}


def test_a_remark_beside_a_prompt_is_followed_in_a_variation() -> None:
    text = f"{PROMPT}Another prompt: Label it. State the colour.\nJoin them: <variation>the prompt</variation>"
    said = meta(Request("generate", (Message(role="user", content=text),)), "k")
    assert named(said or "") == {"weight", "colour"}


def test_a_task_prompt_is_left_to_the_task_model() -> None:
    assert meta(Request("generate", prompt="State the colour.\n\nInput: Parcel to Oslo.\nOutput:"), "k") is None


def test_scored_texts_and_fields_are_read() -> None:
    assert scored("text:\na\nscore:\n7\n\ntext:\nb\nscore:\n12\n") == [("a", 7), ("b", 12)]
    assert scored("- 40 of 100: a\n- 7 of 100: b") == [("a", 40), ("b", 7)]
    assert fields("colour red; shelf B4") == ["colour red", "shelf B4"]
