"""Reasoning in replies: how models mark it, and what only looks like it."""

from __future__ import annotations

import pytest

from promptwire.templating.parsing import Parse, parse_reply
from promptwire.templating.reasoning import without_reasoning

HARMONY = "<|channel|>analysis<|message|>Good is B.<|end|><|start|>assistant<|channel|>final<|message|>B<|return|>"


@pytest.mark.parametrize(
    "reply",
    [
        "<think>Good, so A? No.</think>B",
        "<think>\nGood, so A?\n\nNo.\n</think>\n\nB",
        "\n  <think></think>\n\nB",
        "<THINK>A?</THINK> B",
        "< think >A?</ think > B",
        '<think time="3">A?</think>B',
        "A? Rather not.</think>\nB",
        "A? I could close with </think> now.\n</think>\nB",
        "<think>A?<think>no</think> A is wrong</think> B",
        "<think>A?</think>\n<think>no</think>\nB",
        "Let me see.\n<think>A?</think>\nB"[12:],
        "<thinking>A?</thinking>\nB",
        "<thought>A?</thought>\nB",
        "<Thoughts>A?</Thoughts>\nB",
        "<reasoning>\nA?\n</reasoning>\nB",
        "<scratchpad>A?</scratchpad>\nB",
        "<thinking>A? <reflection>no</reflection></thinking>B",
        "<seed:think>A?</seed:think>B",
        "[THINK]A?[/THINK]B",
        "\u25c1think\u25b7A?\u25c1/think\u25b7B",
        "<|START_THINKING|>A?<|END_THINKING|><|START_RESPONSE|>B<|END_RESPONSE|>",
        "<|begin_of_thought|>A?<|end_of_thought|>\n<|begin_of_solution|>B<|end_of_solution|>",
        "<|inner_prefix|>A?<|inner_suffix|>B",
        "<|channel>thought\nA?<channel|>B",
        "<think>A?</think><response>B</response>",
        "Here is my thought process: A? No. Here is my response: B",
        "<|im_start|>assistant\n<think>A?</think>\nB",
        HARMONY,
        "analysisGood is A? No.assistantfinalB",
        "<think />\nB",
        "<think/>B",
        "<think>A?<think/>B",
        "B <think>Was it A?</think>",
        "**<think>**A?**</think>**B",
        "<|think|>A?<|/think|>B",
        "<|begin_of_think|>A?<|end_of_think|>B",
        "<mm:think>A?</mm:think>B",
        "<longcat_think>A?</longcat_think>B",
        "<scratch_pad>A?</scratch_pad>B",
        "<analysis>A?</analysis>\nB",
        "<rationale>A?</rationale>\nB",
        "Thinking...\nA? No.\n...done thinking.\n\nB",
        "&lt;think&gt;A?&lt;/think&gt;B",
        "B\n<think>Was it A?",
        "B\n\n<think>Was it A?</think>",
    ],
)
def test_reasoning_is_no_part_of_an_answer(reply: str) -> None:
    assert parse_reply(reply, Parse()) == (("B",), True)


@pytest.mark.parametrize(
    "reply",
    [
        "<think>",
        "<think>The answer is B, <answer>B</answer>",
        "<think>B</think>",
        "B</think>",
        "<reasoning>It is B",
        "[THINK]B",
        "<|channel|>analysis<|message|>It is B",
        "<|START_THINKING|>B",
    ],
)
@pytest.mark.parametrize("rule", [{}, {"tag": "answer", "fallback": "raw"}, {"line": "last"}, {"regex": "B"}])
def test_a_reply_of_reasoning_alone_is_unreadable(reply: str, rule: dict[str, str]) -> None:
    assert parse_reply(reply, Parse.model_validate(rule)) == ((), False)


PROMPT = {"tag": "prompt", "fallback": "raw"}
FORM = "Answer so:\n<thinking>\nwhat the text says, step by step\n</thinking>\n<answer>B</answer>"


@pytest.mark.parametrize(
    ("rule", "reply", "answer"),
    [
        (PROMPT, "<prompt>Reason between <think> and </think> first.</prompt>", "Reason between <think> and </think> first."),
        (PROMPT, f"<prompt>{FORM}</prompt>", FORM),
        (PROMPT, "<think>plan</think><prompt>End with </think>.</prompt>", "End with </think>."),
        (PROMPT, "<think><prompt>draft</prompt></think><prompt>real</prompt>", "real"),
        (PROMPT, "Use <prompt>draft</prompt>, no\n</think>\n<prompt>real</prompt>", "real"),
        (PROMPT, "Well.\n<think>so <prompt>draft</prompt></think>\nReason between <think> and </think>.", None),
        (PROMPT, "Reason between <think> and </think> first.", "Reason between <think> and </think> first."),
        (PROMPT, "Reason in <think> tags first.", "Reason in <think> tags first."),
        (PROMPT, "Write `</think>` when done.", "Write `</think>` when done."),
        ({"fence": True}, f"<think>```\ndraft\n```</think>\n```\n{FORM}\n```", FORM),
        ({"tag": "thinking"}, "<thinking>kept</thinking>", "kept"),
        ({"tag": "reasoning"}, "<think>x</think><reasoning>kept</reasoning>", "kept"),
        ({"regex": r"</think>\s*(.*)"}, "<think>x</think>kept", "kept"),
        ({"open": "</think>", "close": "<eos>"}, "x</think>kept<eos>", "kept"),
        ({}, "I think it is <b>B</b>", "I think it is <b>B</b>"),
        ({}, "The answer is B<think>or A</think>", "The answer is B"),
        ({}, "Show your work in <think>steps</think>", "Show your work in <think>steps</think>"),
        ({}, "<analysis>It is B</analysis>", "<analysis>It is B</analysis>"),
        ({}, "Thinking... B", "Thinking... B"),
        ({"tag": "analysis"}, "<analysis>kept</analysis> B", "kept"),
        ({"tag": "answer"}, "<analysis>x <answer>kept</answer></analysis> Bye", "kept"),
    ],
)
def test_an_answer_may_name_the_tags_and_a_rule_may_ask_for_them(
    rule: dict[str, object], reply: str, answer: str | None
) -> None:
    answers, _ = parse_reply(reply, Parse.model_validate(rule))
    assert answers == (answer,) if answer is not None else "draft" not in " ".join(answers)


@pytest.mark.parametrize(
    "piece", ["<think>", "</think>", " <think>", "\n<think>x</think>", "<|channel|>final<|message|>", "< "]
)
def test_reasoning_of_a_megabyte_is_found_in_one_pass(piece: str) -> None:
    without_reasoning(piece * (500_000 // len(piece)))
