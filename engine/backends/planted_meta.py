"""The planted world's meta model: it reads a rendered meta-prompt and writes what that reveals, nothing it was not shown.

Errors reveal a hint where an expected answer has a field that the given one lacks (the critics of ProTeGi, PE2, TextGrad and
GEPA). An edit follows the words of its critique, a refinement those of the conversation before it, TextGrad's update those of
all its feedback. Pairs of input and output reveal the fields of the outputs (APE). Scored texts reveal what a hint is worth:
the mean score with it less the mean without (OPRO, COPRO), or that it stands in a text better than the worst (PE2's history).
OPRO's problems reveal only which fields there are, wanted or not, so that there the scores alone tell them apart; COPRO shows
no problem at all. A child has what all its parents share, by chance what one of them has, and what their critiques ask for
(EvoPrompt, CAPO). A paraphrase says the same in other words. Where nothing is revealed, the text is only reworded.

The kind of meta-prompt is known by what it asks for, and the answer stands in the tags that it names. So is one that no shipped
template made: its errors are known by their parcels, whatever stands before them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence

from promptwire.backend import Request
from promptwire.backends.scripted import request_text
from promptwire.values.hashing import stream

__all__ = ["HINT", "INPUT", "fields", "meta", "scored"]

HINT = re.compile(r"\bstate the (\w+)", re.IGNORECASE)
"""What a hint looks like in a prompt or a critique."""
INPUT = re.compile(r"Parcel to (\w+)(?:: ([^.\n]*))?\.")
"""What an input looks like: destination, fields."""

_DROP = re.compile(r"\bdrop the (\w+)")
_HINT_SENTENCE = re.compile(r"\s*state the \w+\.", re.IGNORECASE)
_OPENERS = ("Now", "Please", "Next", "Here", "Carefully", "As agreed", "As usual", "In short", "First", "Today", "Again")
_OPENER = re.compile(rf"^(?:{'|'.join(_OPENERS)}): ")
_STANDING = (
    re.compile(r'"""\n(.*?)\n"""', re.DOTALL),
    re.compile(r"The prompt as it stands:\n(.*?)(?:\n\n|\Z)", re.DOTALL),
    re.compile(r"Instruction:\n(.*?)\n\nReply", re.DOTALL),
    re.compile(r"Original: ([^\n]*)\nVariation:\s*\Z"),
    re.compile(r"```\n(.*?)\n```", re.DOTALL),
    re.compile(r"<variable>\n(.*?)\n</variable>", re.DOTALL),
    re.compile(r"nothing else\.\n\n(.*)\Z", re.DOTALL),
)
"""Where meta-prompts show the prompt that they are about."""
_PAIR = re.compile(r"Input: [^\n]*\nOutput: ([^\n]+)")
_CASE = re.compile(r"Expected: ([^\n]*)\nGiven: ([^\n]*)")
_EXAMINED = re.compile(r"The model wrote: ([^\n]*)\n(?:Read as: [^\n]*\n)?Label: ([^\n]*)")
_JUDGED = re.compile(r"<objective>\n(.*?)\n</objective>", re.DOTALL)
_FEEDBACK = re.compile(r"<feedback>\n(.*?)\n</feedback>", re.DOTALL)
_TEXT = re.compile(r"^text:\n(.*?)\nscore:\n(\d+)", re.DOTALL | re.MULTILINE)
_LISTED = re.compile(r"^- (\d+) of 100: (.*)$", re.MULTILINE)
_PARENT = re.compile(r'"""\n(.*?)\n"""', re.DOTALL)
_SEEN = re.compile(r"Parcel to (\w+)[^\n]*\n+([^\n:]*): (\1\b[^\n]*)(?:\n+([^\n:]*): (\1\b[^\n]*))?")
"""A parcel and what was written for it, once or twice, under whatever words."""
_WANTED = re.compile(r"expected|correct|right|gold|target|label|should", re.IGNORECASE)
_WORDS_A_HINT = 3


def meta(request: Request, key: str) -> str | None:
    """The reply to a meta-prompt; None when `request` is none."""
    text = request.messages[-1].content if request.messages else request_text(request)
    draw = stream("planted", key)
    if request.kind == "infill":
        return _induced(text, draw)
    if "<INS>" in text:
        return f"<INS>{_improved(text, draw)}</INS>"
    if "<START>" in text:
        answers = _edits(text, draw) if "reviewer" in text else _reasons(text, draw)
        return "\n".join(f"<START>{answer}<END>" for answer in answers)
    if "## Your examination" in text:
        return _examination(text)
    if "three backticks" in text:
        faults = " ".join(_fault(match[1], match[2]) for match in _CASE.finditer(text))
        prompt = _standing(text) or ""
        return f"```\n{_said(prompt, _followed(_hints(prompt), faults), draw)}\n```"
    if "## Feedback on" in text or "<improved_variable>" in text:
        return _back(text, draw)
    if "refine the prompt" in text:
        written = _refined(text, request.messages[-2].content if len(request.messages) > 1 else "", draw)
        return f"<refined_prompt>{written}</refined_prompt>" if "</refined_prompt>" in text else written
    if "</prompt>" in text:
        return f"<prompt>{_bred(text, draw)}</prompt>"
    tag = re.search(r"</(instruction|blank|variation)>", text)
    if tag is None:
        return _own(text, draw)
    if tag[1] == "variation":
        written = _reworded(text, draw)
    else:
        written = _improved(text, draw) if scored(text) else _induced(text, draw)
    return f"<{tag[1]}>{written}</{tag[1]}>"


def _own(text: str, draw: random.Random) -> str | None:
    """The reply to a template of somebody's own, in the last pair of tags that it names; None for what is no meta-prompt."""
    tags = [tag for tag in re.findall(r"</(\w+)>", text) if f"<{tag}>" in text]
    prompt = _standing(text)
    if prompt is None and not tags:
        return None
    if scored(text):
        written = _improved(text, draw)
    else:
        advice = " ".join([_PARENT.sub("", text), *_faults(text)])
        written = _said(prompt or "Write the label of the parcel.", _followed(_hints(prompt or ""), advice), draw)
    return f"<{tags[-1]}>{written}</{tags[-1]}>" if tags else written


def _faults(text: str) -> Iterator[str]:
    """What the errors that `text` shows say about the prompt; of examples without an answer, the fields of their output."""
    for match in _SEEN.finditer(text):
        expected, given = match[3], match[5] or match[1]
        if match[4] and _WANTED.search(match[4]) and not _WANTED.search(match[2]):
            expected, given = given, expected
        yield _fault(expected, given)


def fields(text: str) -> list[str]:
    """The fields in an input or a label.

    >>> fields("colour red; shelf B4")
    ['colour red', 'shelf B4']
    """
    return [field.strip() for field in text.split(";") if field.strip()]


def scored(text: str) -> list[tuple[str, int]]:
    """The prompts with their scores that a meta-prompt shows, in its order."""
    listed = [(match[2], int(match[1])) for match in _LISTED.finditer(text)]
    return [(match[1], int(match[2])) for match in _TEXT.finditer(text)] + listed


def _names(label: str) -> list[str]:
    """The kinds of fields in a label, whose first part is the destination."""
    return [field.partition(" ")[0] for field in fields(label)[1:]]


def _standing(text: str) -> str | None:
    """The prompt that a meta-prompt is about."""
    return next((match[1] for shape in _STANDING if (match := shape.search(text))), None)


def _hints(prompt: str) -> list[str]:
    return list(dict.fromkeys(word.lower() for word in HINT.findall(prompt)))


def _said(prompt: str, hints: Iterable[str], draw: random.Random | None = None) -> str:
    """`prompt` with exactly these hints; with `draw` in other words."""
    head = _OPENER.sub("", _HINT_SENTENCE.sub("", prompt).strip())
    order = list(dict.fromkeys(hints))
    if draw is not None:
        draw.shuffle(order)
        head = f"{draw.choice(_OPENERS)}: {head}"
    return " ".join([head, *(f"State the {hint}." for hint in order)])


def _reworded(text: str, draw: random.Random) -> str:
    prompt = _standing(text) or ""
    return _said(prompt, _hints(prompt), draw)


def _induced(text: str, draw: random.Random) -> str:
    """An instruction for the pairs shown; one time in eight a field is overlooked."""
    shown = dict.fromkeys(name for match in _PAIR.finditer(text) for name in _names(match[1]))
    return _said("Write the label of the parcel.", [name for name in shown if draw.randrange(8)], draw)


def _fault(expected: str, given: str) -> str:
    """What the difference between two answers says about the prompt; empty when they have the same fields."""
    wanted, stated = _names(expected), _names(given)
    lacking = [f"state the {name}" for name in wanted if name not in stated]
    surplus = [f"drop the {name}" for name in stated if name not in wanted]
    return f"It has to {', '.join(lacking + surplus)}." if lacking or surplus else ""


def _reasons(text: str, draw: random.Random) -> list[str]:
    """As many reasons as asked for, each from one of the errors shown."""
    number = re.search(r"Give (\d+) different reasons", text)
    faults = [fault for match in _CASE.finditer(text) if (fault := _fault(match[1], match[2]))]
    faults = list(dict.fromkeys(faults)) or ["It could be clearer."]
    draw.shuffle(faults)
    count = int(number[1]) if number else 1
    return [faults[place % len(faults)] for place in range(count)]


def _edits(text: str, draw: random.Random) -> list[str]:
    """As many prompts as asked for, along the critique."""
    number = re.search(r"Write (\d+) improved", text)
    critique = re.search(r"reviewer sees [^:\n]*: (.*?)\n\nWrite", text, re.DOTALL)
    prompt = _standing(text) or ""
    wanted = _followed(_hints(prompt), critique[1] if critique else "")
    return [_said(prompt, wanted, draw) for _ in range(int(number[1]) if number else 1)]


def _bred(text: str, draw: random.Random) -> str:
    """A child of the prompts shown: what all have, three in four of what some have, and what is advised."""
    parents = [match[1] for match in _PARENT.finditer(text)] or [""]
    found = dict.fromkeys(hint for parent in parents for hint in _hints(parent))
    taken = [hint for hint in found if all(hint in _hints(parent) for parent in parents) or draw.randrange(4)]
    return _said(parents[0], _followed(taken, _PARENT.sub("", text)), draw)


def _followed(hints: Sequence[str], advice: str) -> list[str]:
    """`hints` after the advice to add and drop some."""
    dropped = _DROP.findall(advice)
    return [hint for hint in dict.fromkeys([*hints, *_hints(advice)]) if hint not in dropped]


def _examination(text: str) -> str:
    faults = [_fault(match[2], match[1]) or "It could be clearer." for match in _EXAMINED.finditer(text)]
    return "\n".join(f"Example {number}: {fault}" for number, fault in enumerate(faults, 1)) or "It could be clearer."


def _back(text: str, draw: random.Random) -> str:
    """TextGrad's steps: the fault of a response, what was said of it as a fault of the prompt, the prompt along all that."""
    if "## Feedback on the response" in text:
        return next((_fault(match[1], match[2]) for match in _CASE.finditer(text)), "") or "It is right as it is."
    if "## Feedback on the prompt" in text:
        return " ".join(_JUDGED.findall(text))
    prompt = _standing(text) or ""
    wanted = _followed(_hints(prompt), " ".join(_FEEDBACK.findall(text)))
    return f"<improved_variable>{_said(prompt, wanted, draw)}</improved_variable>"


def _refined(text: str, examination: str, draw: random.Random) -> str:
    """The prompt after the examination and what the earlier prompts' scores say, within the limits."""
    prompt = _standing(text) or ""
    old = _hints(prompt)
    earlier = scored(text)
    worst = min((score for _, score in earlier), default=0)
    liked = [hint for better, score in earlier if score > worst for hint in _hints(better)]
    wanted = _followed(old, examination)
    added = [hint for hint in dict.fromkeys([*wanted, *liked]) if hint not in old]
    step, longest = (re.search(shape, text) for shape in (r"at most (\d+) words of it", r"may have at most (\d+) words"))
    kept = [hint for hint in old if hint in wanted]
    room = len(added) if longest is None else (int(longest[1]) - len(_said(prompt, kept).split())) // _WORDS_A_HINT
    if step is not None:
        room = min(room, int(step[1]) // _WORDS_A_HINT)
    draw.shuffle(added)
    return _said(prompt, [*kept, *added[: max(0, room)]])


def _worth(shown: Sequence[tuple[str, int]]) -> dict[str, float]:
    """What each hint is worth: the mean score of the texts with it less that of the others, where there are both."""
    rows = [(set(_hints(text)), score) for text, score in shown]
    found = {}
    for hint in dict.fromkeys(hint for text, _ in shown for hint in _hints(text)):
        having = [score for hints, score in rows if hint in hints]
        lacking = [score for hints, score in rows if hint not in hints]
        if lacking:
            found[hint] = sum(having) / len(having) - sum(lacking) / len(lacking)
    return found


def _improved(text: str, draw: random.Random) -> str:
    """The best text shown, with a field of the problems more, a hint less, or the hints that the scores speak for."""
    shown = scored(text)
    worth = _worth(shown)
    best = max(reversed(shown), key=lambda entry: entry[1], default=("Write what is asked for.", 0))[0]
    hints = _hints(best)
    problems = [field.partition(" ")[0] for match in INPUT.finditer(text) for field in fields(match[2] or "")]
    new = [name for name in dict.fromkeys(problems) if name not in hints]
    liked = [hint for hint, value in worth.items() if value > 0 and hint not in hints]
    move = draw.randrange(4)
    if move == 0 and hints:
        hints.remove(min(draw.sample(hints, min(len(hints), 2)), key=lambda hint: worth.get(hint, 0)))
    elif move == 1 and liked:
        hints += draw.sample(liked, draw.randint(1, len(liked)))
    else:
        hints += draw.sample(new, min(len(new), draw.randint(1, 2)))
    return _said(best, hints, draw)
