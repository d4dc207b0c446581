"""Replies with which no search ends early: each is new and has the form that was asked for, and no answer is right."""

from __future__ import annotations

import re

from promptwire.backend import Request, Settings
from promptwire.documents import resources
from promptwire.tasks.task import Task
from promptwire.values import Example, Examples, Prompt, Prompts
from promptwire.values.hashing import digest

__all__ = ["kind_of", "numbers", "well_formed"]


def numbers(n: int = 300, *, dev: int = 0) -> Task:
    """A task of `n` training numbers, to which the scripted model gives only wrong answers."""
    rows = [Example(input=f"number {place}", outputs=(f"answer {place}",)) for place in range(n + dev)]
    return Task(
        name="numbers",
        doc="",
        prompts=Prompts.of([Prompt(text="Say it.")]),
        train=Examples(items=tuple(rows[:n])),
        dev=Examples(items=tuple(rows[n:])) if dev else None,
        test=Examples(items=tuple(rows[:4])),
        template=str(resources.template_path("task/chat.j2")),
        metric="exact",
        rubric=None,
        labels=(),
        settings=Settings(),
        parse=None,
    )


def kind_of(request: Request) -> str:
    """What a request is for, by what it asks."""
    text = request.messages[-1].content if request.messages else request.prompt + request.suffix
    if text.endswith("Output:") or request.kind in ("choose", "logprob"):
        return "task"
    if request.kind == "infill":
        return "induction"
    marks = {
        "</choose>": "vote",
        "</pattern>": "patterns",
        "answered as follows": "proposal",
        "new examples that follow": "synthesis",
        "</prompt>": "child",
        "<INS>": "idea",
        "that would score higher": "idea",
        "A reviewer": "edit",
        "Examine the cases": "gradient",
        "<START>": "gradient",
        "## Your examination": "examination",
        "refine the prompt": "refinement",
        "## Feedback on the response": "response feedback",
        "## Feedback on the prompt": "prompt feedback",
        "<improved_variable>": "update",
        "three backticks": "reflection",
        "<instruction>": "induction",
        "<blank>": "induction",
        "<variation>": "paraphrase",
        "Rewrite the prompt": "paraphrase",
        "Variation:": "paraphrase",
        "<example>": "synthesis",
        "</observation>": "observation",
        "</summary>": "summary",
        "</description>": "description",
        "</proposal>": "proposal",
        "<mutation>": "mutation",
        "<mutant>": "mutant",
        "Speak of the task": "critique",
        "better examples would be like": "critique",
        "gets from this input": "reasoning",
        "Describe the expert": "persona",
        "keywords for the task": "keywords",
    }
    return next(kind for mark, kind in marks.items() if mark in text)


def well_formed(request: Request, key: str) -> str:
    """A reply of the asked form, different for every sample."""
    kind, word = kind_of(request), f"text {digest(key, 10)}"
    text = request.messages[-1].content if request.messages else request.prompt
    if kind in ("gradient", "edit") and "<START>" in text:
        number = re.search(r"(?:[Gg]ive|Write) (\d+) ", text)
        return " ".join(f"<START>{word} {place}<END>" for place in range(int(number[1]) if number else 1))
    if kind == "idea":
        return f"<instruction>{word}</instruction>"
    if kind == "patterns":
        return "".join(f"<pattern>{place} | {word} {place}</pattern>" for place in range(1, 6))
    if kind == "reflection":
        return f"```\n{word}\n```"
    tag = re.search(
        r"</(instruction|blank|variation|prompt|refined_prompt|improved_variable|observation|summary|description|proposal|mutation|mutant)>",
        text,
    )
    return f"<{tag[1]}>{word}</{tag[1]}>" if tag and kind != "task" else word
