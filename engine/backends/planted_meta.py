"""Meta model of `scripted:planted`: reads a rendered meta-prompt and uses only what that shows.

A critique names a hint where an expected answer has a field that the given one lacks (ProTeGi, PE2, TextGrad, GEPA). An edit
follows its critique, a refinement the earlier conversation, TextGrad's update all its feedback. Input-output pairs show
the fields of the outputs (APE). Scored prompts show the effect of a hint: the mean score with it minus the mean without (OPRO,
COPRO), or that it is in a prompt better than the worst (PE2's history). OPRO's examples show only which fields exist, wanted or
not, so that only the scores tell them apart. COPRO shows no example. A crossover has the hints that all its parents share, by
chance those of one parent, and those that their critiques ask for (EvoPrompt, CAPO). A paraphrase has the same hints in other
words. Where nothing is shown, the prompt is only paraphrased.

The kind of meta-prompt is recognized by what it asks for, and the reply is in the tags that it names. The same holds for
templates that are not shipped: their errors are recognized by the parcels in them, and come before the name of a tag.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence

from promptwire.backend import Request
from promptwire.backends.scripted import request_text
from promptwire.lazy_pattern import lazy_pattern
from promptwire.values.hashing import stream

__all__ = ["HINT", "INPUT", "compose", "current_prompt", "fields", "hints_in", "kind_of", "meta", "names_in", "scored"]

HINT = lazy_pattern(r"\bstate the (\w+)", re.IGNORECASE)
"""A hint in a prompt or a critique."""
INPUT = lazy_pattern(r"Parcel to (\w+)(?:: ([^.\n]*))?\.")
"""An input: destination, fields."""
_DROP = lazy_pattern(r"\bdrop the (\w+)")
_HINT_SENTENCE = lazy_pattern(r"\s*state the \w+\.", re.IGNORECASE)
_OPENERS = ("Now", "Please", "Next", "Here", "Carefully", "As agreed", "As usual", "In short", "First", "Today", "Again")
_OPENER = lazy_pattern(rf"^(?:{'|'.join(_OPENERS)}): ")
_CURRENT = (
    lazy_pattern(r'"""\n(.*?)\n"""', re.DOTALL),
    lazy_pattern(r"Original: ([^\n]*)\nVariation:\s*\Z"),
    lazy_pattern(r"```\n(.*?)\n```", re.DOTALL),
    lazy_pattern(r"<variable>\n(.*?)\n</variable>", re.DOTALL),
    lazy_pattern(r"The prompt as it stands:\n(.*?)(?:\n\n|\Z)", re.DOTALL),
    lazy_pattern(r"Instruction:\n(.*?)\n\nReply", re.DOTALL),
    lazy_pattern(r"nothing else\.\n\n(.*)\Z", re.DOTALL),
)
"""Places of the current prompt in meta-prompts."""
_PAIR = lazy_pattern(r"Input: [^\n]*\nOutput: ([^\n]+)")
_CASE = lazy_pattern(r"Expected: ([^\n]*)\nGiven: ([^\n]*)")
_EXAMINED = lazy_pattern(r"The model wrote: ([^\n]*)\n(?:Read as: [^\n]*\n)?(?:Label|Right answer): ([^\n]*)")
_JUDGED = lazy_pattern(r"<objective>\n(.*?)\n</objective>", re.DOTALL)
_FEEDBACK = lazy_pattern(r"<feedback>\n(.*?)\n</feedback>", re.DOTALL)
_TEXT = lazy_pattern(r"^text:\n(.*?)\nscore:\n(\d+)", re.DOTALL | re.MULTILINE)
_LISTED = lazy_pattern(r"^- (\d+) of 100: (.*)$", re.MULTILINE)
_QUOTED = lazy_pattern(r'"""\n(.*?)\n"""', re.DOTALL)
_ERROR = lazy_pattern(r"Parcel to (\w+)[^\n]*\n+([^\n:]*): (\1\b[^\n]*)(?:\n+([^\n:]*): (\1\b[^\n]*))?")
"""A parcel and one or two answers for it, under any headings."""
_WANTED = lazy_pattern(r"expected|correct|right|gold|target|label|should", re.IGNORECASE)
_WORDS_A_HINT = 3


def meta(request: Request, key: str) -> str | None:
    """Reply to a meta-prompt; None when `request` is not one."""
    text = request.messages[-1].content if request.messages else request_text(request)
    draw = stream("planted", key)
    if request.kind == "infill":
        return _induce(text, draw)
    told = _told(text)
    if not told and ("<INS>" in text or "that would score higher" in text):
        return f"<instruction>{_improve(text, draw)}</instruction>"
    if "<START>" in text:
        answers = _edits(text, draw) if "reviewer" in text else _critiques(text, draw)
        return "\n".join(f"<START>{answer}<END>" for answer in answers)
    if "## Your examination" in text:
        return _examine(text)
    if "three backticks" in text:
        critiques = " ".join(_difference(match[1], match[2]) for match in _CASE.finditer(text))
        prompt = current_prompt(text) or ""
        return f"```\n{compose(prompt, _apply_advice(hints_in(prompt), critiques), draw)}\n```"
    if "## Feedback on" in text or "<improved_variable>" in text:
        return _textgrad(text, draw)
    if "refine the prompt" in text:
        written = _refine(text, request.messages[-2].content if len(request.messages) > 1 else "", draw)
        return f"<refined_prompt>{written}</refined_prompt>" if "</refined_prompt>" in text else written
    if not told and "</prompt>" in text:
        return f"<prompt>{_crossover(text, draw)}</prompt>"
    if "</instruction>" in text and "A reviewer" in text:
        return f"<instruction>{_edits(text, draw)[0]}</instruction>"
    tag = re.search(r"</(instruction|blank|variation)>", text)
    if tag is None or told or (tag[1] == "variation" and (scored(text) or hints_in(_QUOTED.sub("", text)))):
        return _custom(text, draw)
    if tag[1] == "variation":
        written = _paraphrase(text, draw)
    else:
        written = _improve(text, draw) if scored(text) else _induce(text, draw)
    return f"<{tag[1]}>{written}</{tag[1]}>"


def _custom(text: str, draw: random.Random) -> str | None:
    """Reply to a template that is not shipped, in the last pair of tags that it names; None without a meta-prompt."""
    tags = [tag for tag in re.findall(r"</(\w+)>", text) if f"<{tag}>" in text]
    prompt = current_prompt(text)
    if prompt is None and not tags:
        return None
    quoted = _QUOTED.findall(text)
    critiques = [one for one in quoted if "It has to " in one]
    if scored(text):
        written = _improve(text, draw)
    elif len(quoted) - len(critiques) > 1 and not _told(text):
        written = _crossover(text, draw)
    else:
        advice = " ".join([_QUOTED.sub("", text), *critiques, *_differences(text)])
        written = compose(prompt or "Write the label of the parcel.", _apply_advice(hints_in(prompt or ""), advice), draw)
    return f"<{tags[-1]}>{written}</{tags[-1]}>" if tags else written


def _told(text: str) -> bool:
    """Whether `text` shows inputs with two answers each, an expected and a given one."""
    return any(match[5] for match in _ERROR.finditer(text))


def _differences(text: str) -> Iterator[str]:
    """Critiques from the errors in `text`; from examples without an answer, the fields of their output."""
    for match in _ERROR.finditer(text):
        expected, given = match[3], match[5] or match[1]
        if match[4] and _WANTED.search(match[4]) and not _WANTED.search(match[2]):
            expected, given = given, expected
        yield _difference(expected, given)


def fields(text: str) -> list[str]:
    """Split an input or a label into its fields.

    >>> fields("colour red; shelf B4")
    ['colour red', 'shelf B4']
    """
    return [field.strip() for field in text.split(";") if field.strip()]


def scored(text: str) -> list[tuple[str, int]]:
    """Prompts and scores that a meta-prompt shows, in its order."""
    listed = [(match[2], int(match[1])) for match in _LISTED.finditer(text)]
    return [(match[1], int(match[2])) for match in _TEXT.finditer(text)] + listed


def kind_of(field: str) -> str:
    """The kind of a field: its first word."""
    return field.partition(" ")[0]


def names_in(label: str) -> list[str]:
    """Kinds of the fields in a label; its first part is the destination."""
    return [kind_of(field) for field in fields(label)[1:]]


def current_prompt(text: str) -> str | None:
    """Current prompt in a meta-prompt."""
    return next((match[1] for shape in _CURRENT if (match := shape.search(text))), None)


def hints_in(prompt: str) -> list[str]:
    return list(dict.fromkeys(word.lower() for word in HINT.findall(prompt)))


def compose(prompt: str, hints: Iterable[str], draw: random.Random | None = None) -> str:
    """`prompt` with exactly these hints; with `draw`, in other words."""
    head = _OPENER.sub("", _HINT_SENTENCE.sub("", prompt).strip())
    order = list(dict.fromkeys(hints))
    if draw is not None:
        draw.shuffle(order)
        head = f"{draw.choice(_OPENERS)}: {head}"
    return " ".join([head, *(f"State the {hint}." for hint in order)])


def _paraphrase(text: str, draw: random.Random) -> str:
    prompt = current_prompt(text) or ""
    return compose(prompt, hints_in(prompt), draw)


def _induce(text: str, draw: random.Random) -> str:
    """Instruction for the pairs shown; each field is overlooked once in eight times."""
    shown = dict.fromkeys(name for match in _PAIR.finditer(text) for name in names_in(match[1]))
    return compose("Write the label of the parcel.", [name for name in shown if draw.randrange(8)], draw)


def _difference(expected: str, given: str) -> str:
    """Critique from the difference of two answers; empty when they have the same fields."""
    wanted, stated = names_in(expected), names_in(given)
    lacking = [f"state the {name}" for name in wanted if name not in stated]
    surplus = [f"drop the {name}" for name in stated if name not in wanted]
    return f"It has to {', '.join(lacking + surplus)}." if lacking or surplus else ""


def _critiques(text: str, draw: random.Random) -> list[str]:
    """The requested number of critiques, each from one of the errors shown."""
    number = re.search(r"[Gg]ive (\d+) different reasons", text)
    cases = [(match[1], match[2]) for match in _CASE.finditer(text)] + [
        (match[2], match[1]) for match in _EXAMINED.finditer(text)
    ]
    critiques = [critique for expected, given in cases if (critique := _difference(expected, given))]
    critiques = list(dict.fromkeys(critiques)) or ["It could be clearer."]
    draw.shuffle(critiques)
    count = int(number[1]) if number else 1
    return [critiques[index % len(critiques)] for index in range(count)]


def _edits(text: str, draw: random.Random) -> list[str]:
    """The requested number of prompts, edited after the critique."""
    number = re.search(r"Write (\d+) improved", text)
    critique = re.search(r'reviewer [^:\n]*:\s+(?:"""\n)?(.*?)\n(?:"""|\nWrite)', text, re.DOTALL)
    prompt = current_prompt(text) or ""
    wanted = _apply_advice(hints_in(prompt), critique[1] if critique else "")
    return [compose(prompt, wanted, draw) for _ in range(int(number[1]) if number else 1)]


def _crossover(text: str, draw: random.Random) -> str:
    """Crossover of the prompts shown: hints of all, three in four of the other hints, and the advised hints."""
    parents = [match[1] for match in _QUOTED.finditer(text)] or [""]
    found = dict.fromkeys(hint for parent in parents for hint in hints_in(parent))
    taken = [hint for hint in found if all(hint in hints_in(parent) for parent in parents) or draw.randrange(4)]
    return compose(parents[0], _apply_advice(taken, _QUOTED.sub("", text)), draw)


def _apply_advice(hints: Sequence[str], advice: str) -> list[str]:
    """Hints after the additions and removals in `advice`."""
    dropped = _DROP.findall(advice)
    return [hint for hint in dict.fromkeys([*hints, *hints_in(advice)]) if hint not in dropped]


def _examine(text: str) -> str:
    critiques = [_difference(match[2], match[1]) or "It could be clearer." for match in _EXAMINED.finditer(text)]
    return "\n".join(f"Example {number}: {critique}" for number, critique in enumerate(critiques, 1)) or "It could be clearer."


def _textgrad(text: str, draw: random.Random) -> str:
    """TextGrad's steps: feedback on a response, feedback on the prompt, and the updated prompt."""
    if "## Feedback on the response" in text:
        return next((_difference(match[1], match[2]) for match in _CASE.finditer(text)), "") or "It is right as it is."
    if "## Feedback on the prompt" in text:
        return " ".join(_JUDGED.findall(text))
    prompt = current_prompt(text) or ""
    wanted = _apply_advice(hints_in(prompt), " ".join(_FEEDBACK.findall(text)))
    return f"<improved_variable>{compose(prompt, wanted, draw)}</improved_variable>"


def _refine(text: str, examination: str, draw: random.Random) -> str:
    """Prompt refined by the examination and the earlier prompts' scores, within the length limits."""
    prompt = current_prompt(text) or ""
    old = hints_in(prompt)
    earlier = scored(text)
    worst = min((score for _, score in earlier), default=0)
    useful = [hint for better, score in earlier if score > worst for hint in hints_in(better)]
    wanted = _apply_advice(old, examination)
    added = [hint for hint in dict.fromkeys([*wanted, *useful]) if hint not in old]
    step, longest = (re.search(shape, text) for shape in (r"at most (\d+) words of it", r"may have at most (\d+) words"))
    remaining = [hint for hint in old if hint in wanted]
    room = len(added) if longest is None else (int(longest[1]) - len(compose(prompt, remaining).split())) // _WORDS_A_HINT
    if step is not None:
        room = min(room, int(step[1]) // _WORDS_A_HINT)
    draw.shuffle(added)
    return compose(prompt, [*remaining, *added[: max(0, room)]])


def _effects(shown: Sequence[tuple[str, int]]) -> dict[str, float]:
    """Effect of each hint: mean score of prompts with it minus that of the others, where there are both."""
    rows = [(set(hints_in(text)), score) for text, score in shown]
    found = {}
    for hint in dict.fromkeys(hint for text, _ in shown for hint in hints_in(text)):
        having = [score for hints, score in rows if hint in hints]
        lacking = [score for hints, score in rows if hint not in hints]
        if lacking:
            found[hint] = sum(having) / len(having) - sum(lacking) / len(lacking)
    return found


def _improve(text: str, draw: random.Random) -> str:
    """Best prompt shown, with a field of the examples added, a hint removed, or hints with a positive effect added."""
    shown = scored(text)
    effects = _effects(shown)
    best = max(reversed(shown), key=lambda entry: entry[1], default=("Write what is asked for.", 0))[0]
    hints = hints_in(best)
    problems = [kind_of(field) for match in INPUT.finditer(text) for field in fields(match[2] or "")]
    new = [name for name in dict.fromkeys(problems) if name not in hints]
    useful = [hint for hint, value in effects.items() if value > 0 and hint not in hints]
    choice = draw.randrange(4)
    if choice == 0 and hints:
        hints.remove(min(draw.sample(hints, min(len(hints), 2)), key=lambda hint: effects.get(hint, 0)))
    elif choice == 1 and useful:
        hints += draw.sample(useful, draw.randint(1, len(useful)))
    else:
        hints += draw.sample(new, min(len(new), draw.randint(1, 2)))
    return compose(best, hints, draw)
