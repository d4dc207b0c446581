"""Guesses which columns of a file are input and output: by the prompt's placeholders, by their names, by their values.

A guess that could as well be another one is not made: it is a question to the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from promptwire.errors import UsageError, suggest
from promptwire.task_init.column_names import (
    GROUPS,
    is_aside,
    is_option,
    is_split,
    output_rank,
    plain_name,
    together,
    usual_inputs,
)
from promptwire.task_init.column_profile import ColumnProfile
from promptwire.task_init.guess import Given, Guess, Unclear
from promptwire.task_init.survey import Survey
from promptwire.values.placeholders import WHOLE, mentions

__all__ = ["ColumnChoice", "choose_columns"]

_LONGER: Final = 3
"""How many times longer the values of one of two columns are, so that it is the input."""
_SHOWN: Final = 6
_OPTIONS: Final = 2
"""Fewest columns with options of a question."""
_INSIDE: Final = ("text", "aliases", "value", "answer", "label")
"""Keys of an object that holds accepted outputs, as SQuAD and TriviaQA write them."""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The columns of a file by what they are for."""

    inputs: tuple[str, ...]
    """Columns of the input."""
    output: str | None
    """Column of the accepted output, or a path into it; None for data without outputs."""
    split: str | None
    """Column that names the split."""
    group: str | None
    """Column that says which rows belong together."""
    instruction: str
    """A column that holds the same instruction in all rows; empty when there is none."""
    guesses: tuple[Guess, ...]
    """Why."""
    chat: bool = False
    """Whether the input is a conversation that may end with its answer."""


def choose_columns(found: Survey, given: Given, *, splits: bool = True) -> ColumnChoice:
    """The columns of the file. `splits` allows a column that names the split.

    Raises Unclear when a column can't be guessed, and UsageError for a column that there is not.
    """
    given = replace(given, inputs=tuple(_known(name, found) for name in given.inputs), output=_known(given.output, found))
    for flag, names in (("--input", given.inputs), ("--output", (given.output,) if given.output else ())):
        for name in names:
            if name not in found.names and name.split(".")[0] not in found.names:
                raise UsageError(f"{flag}: there is no column {name!r}", hint=suggest(name, found.names, noun="columns"))
    split = next((one.name for one in found.profiles if splits and is_split(one.name) and one.repeats), None)
    instruction = next((one for one in found.profiles if one.only and plain_name(one.name) in _INSTRUCTIONS), None)
    named = {*given.inputs, given.output}
    usable = [one for one in found.profiles if one.name != split and (one.name in named or _is_usable(one, found))]
    usable = [one for one in usable if one is not instruction or one.name in named]
    inputs: tuple[str, ...]
    chat = next((one for one in usable if one.chats and given.inputs in ((), (one.name,))), None)
    if chat is not None:
        output, reason = _chat_output(chat, usable, given)
        inputs, reasons = (chat.name,), [Guess("input", _called((chat.name,), found), "lists of messages")]
    else:
        asked = tuple(name for name in _mentioned(given, found) if name != given.output)
        output, reason = _output(usable, asked or given.inputs, given, found)
        inputs, reasons = _inputs([one for one in usable if one.name != output], asked, given, found)
    kept = output and _inside(output, found)
    group = _group(found, inputs)
    left = [one.name for one in found.profiles if one.name not in (*inputs, output, split, group)]
    left = [name for name in left if instruction is None or name != instruction.name]
    reasons += [reason] if reason else []
    reasons += [Guess("not used", _called(left, found), "neither input nor output; in each example's `meta`")] if left else []
    return ColumnChoice(inputs, kept, split, group, instruction.only if instruction else "", tuple(reasons), chat is not None)


_INSTRUCTIONS: Final = ("instruction", "instructions", "prompt", "system", "system prompt", "task", "task description")


def _known(name: str | None, found: Survey) -> Any:
    """`name`, or that of the column which differs in blanks around it."""
    return name if name is None or name in found.names or name.strip() not in found.names else name.strip()


def _is_usable(one: ColumnProfile, found: Survey) -> bool:
    """Whether a column may be input or output: it says something about a row, and does not only count or name it."""
    if not one.filled:
        return False
    if not found.numbered and (output_rank(one.name) is not None or is_option(one.name)):
        return True
    if one.distinct == 1 and one.rows > 1 and len(found.profiles) > 2:
        return False
    aside = not found.numbered and is_aside(one.name)
    return not aside and (not one.identity or len(found.profiles) <= 2)


def _mentioned(given: Given, found: Survey) -> tuple[str, ...]:
    """Columns that the initial prompts name in braces."""
    names = {name for text in given.prompts for name, _ in mentions(text)}
    return () if given.inputs else tuple(name for name in found.names if name in names and name != WHOLE)


def _output(
    usable: Sequence[ColumnProfile], inputs: Sequence[str], given: Given, found: Survey
) -> tuple[str | None, Guess | None]:
    """The column of the output and why; None for data without outputs."""
    if given.output == "" or (given.output is None and given.metric in ("judge", "none")):
        return None, Guess("output", "none", "as you say")
    if given.output is not None:
        return given.output, Guess("output", _called((given.output,), found), "as you say")
    usable = [one for one in usable if one.name not in inputs]
    if not found.numbered:
        ranked = sorted((rank, one.name) for one in usable if (rank := output_rank(one.name)) is not None)
        best = [name for rank, name in ranked if rank == ranked[0][0]]
        if len(best) == 1:
            return best[0], Guess("output", _called((best[0],), found), "by its name")
        if best:
            raise _unclear("output", "any of these may be the output", best, found)
    if not usable or (len(usable) == 1 and not inputs):
        return None, Guess("output", "none", "there is no other column than the input")
    labels = [one for one in usable if one.repeats]
    if len(labels) == 1 and (inputs or len(usable) > 1):
        return labels[0].name, Guess(
            "output", _called((labels[0].name,), found), f"{labels[0].distinct} short values that recur"
        )
    if len(labels) > 1 and len(labels) < len(usable):
        raise _unclear("output", "any of these may be the output", [one.name for one in labels], found)
    return _of_two(usable, inputs, found)


def _of_two(usable: Sequence[ColumnProfile], inputs: Sequence[str], found: Survey) -> tuple[str, Guess]:
    """The output where neither names nor recurring values tell: of two columns the one that is shorter, a number, or last."""
    if len(usable) == 1:
        return usable[0].name, Guess("output", _called((usable[0].name,), found), "the column that is left")
    if len(usable) == 2 and not inputs:
        first, second = usable
        if not found.numbered and usual_inputs([first.name]) != usual_inputs([second.name]):
            output = second if usual_inputs([first.name]) else first
            return output.name, Guess(
                "output", repr(output.name), f"the column beside {(first if output is second else second).name!r}"
            )
        if first.numbers != second.numbers:
            output = first if first.numbers else second
            return output.name, Guess("output", _called((output.name,), found), "the column of numbers")
        if found.numbered:
            return second.name, Guess("output", _called((second.name,), found), "the second of two columns")
        if max(first.length, second.length) > _LONGER * min(first.length, second.length):
            output = min(usable, key=lambda one: one.length)
            return output.name, Guess("output", _called((output.name,), found), "much shorter than the other column")
    names = [one.name for one in usable]
    raise _unclear("output", "no column is the output by its name or its values", names, found)


def _inputs(
    usable: Sequence[ColumnProfile], mentioned: Sequence[str], given: Given, found: Survey
) -> tuple[tuple[str, ...], list[Guess]]:
    """The columns of the input and why."""
    if given.inputs:
        return given.inputs, [Guess("input", ", ".join(map(repr, given.inputs)), "as you say")]
    if mentioned:
        return tuple(mentioned), [Guess("input", _called(mentioned, found), "named in braces by the prompt")]
    names = [one.name for one in usable]
    if not names:
        raise _unclear("input", "there is no column for the input", names, found)
    if len(names) == 1:
        return (names[0],), [Guess("input", _called((names[0],), found), _why_only(names[0], found))]
    chosen: tuple[str, ...] = ()
    if not found.numbered:
        options = [name for name in names if is_option(name)]
        options = options if len(options) > _OPTIONS or any(len(plain_name(name)) > 1 for name in options) else []
        rest = [name for name in names if name not in options]
        chosen = together(rest) or usual_inputs(rest)
        if len(chosen) > 1 and not together(rest):
            raise _unclear("input", "any of these may be the input", chosen, found)
        if chosen and options:
            whole = tuple(name for name in names if name in {*chosen, *options})
            return whole, [Guess("input", _called(whole, found), "a question and its options, by their names")]
    if chosen:
        why = "by its name" if len(chosen) == 1 else "by their names, which belong together"
        return chosen, [Guess("input", _called(chosen, found), why)]
    longest = sorted(usable, key=lambda one: -one.length)
    if longest[0].length > _LONGER * longest[1].length:
        return (longest[0].name,), [Guess("input", _called((longest[0].name,), found), "by far the longest texts")]
    raise _unclear("input", "no column is the input by its name or its values", names, found)


def _why_only(name: str, found: Survey) -> str:
    if len(found.profiles) == 1:
        return "the only column"
    return "by its name" if not found.numbered and usual_inputs([name]) else "the column that is left"


def _chat_output(chat: ColumnProfile, usable: Sequence[ColumnProfile], given: Given) -> tuple[str | None, Guess | None]:
    """The output of conversations: a column of its own, or the last message."""
    if given.output is not None:
        return given.output or None, Guess("output", repr(given.output) if given.output else "none", "as you say")
    own = sorted((rank, one.name) for one in usable if one.name != chat.name and (rank := output_rank(one.name)) is not None)
    if own:
        return own[0][1], Guess("output", repr(own[0][1]), "by its name")
    return None, Guess("output", "the assistant's last message", "where a conversation ends with one")


def _inside(output: str, found: Survey) -> str:
    """The path of the accepted outputs in an object, as SQuAD has them; `output` itself for any other column."""
    profile = next((one for one in found.profiles if one.name == output), None)
    if profile is None or not profile.keys or plain_name(output) not in ("answer", "answers"):
        return output
    key = next((key for key in _INSIDE if key in profile.keys), None)
    return f"{output}.{key}" if key is not None and len(profile.keys) > 1 else output


def _group(found: Survey, inputs: Sequence[str]) -> str | None:
    """The column that says which rows belong together: one named so, or a passage with several questions."""
    for one in found.profiles:
        shared = (
            one.name in inputs and len(inputs) > 1 and plain_name(one.name) in ("context", "passage", "article", "document")
        )
        if found.numbered or not (shared or (plain_name(one.name) in GROUPS and one.name not in inputs)):
            continue
        if one.filled == one.rows and 10 <= one.distinct <= 0.7 * one.filled:
            return one.name
    return None


def _called(names: Sequence[str], found: Survey) -> str:
    """Columns as they are named to the user."""
    return ", ".join(f"column {name}" if found.numbered else repr(name) for name in names)


def _unclear(asked: str, problem: str, columns: Sequence[str], found: Survey) -> Unclear:
    shown = []
    for name in columns[:_SHOWN]:
        one = found.column(name)
        values = f"{one.distinct:,} values" if one.distinct < one.filled else f"{one.words:.0f} words each"
        shown.append(f"{name!r} ({values})")
    more = ", ..." if len(columns) > _SHOWN else ""
    text = f"{problem}: {', '.join(shown)}{more}" if shown else problem
    return Unclear(asked, text, columns, where=str(found.path), found=found.names)
