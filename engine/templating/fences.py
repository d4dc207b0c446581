"""Find blocks between fences of three backticks or tildes, nested fences included.

A fence without a word after it may open or close a block. Models put examples into the block that they write, with fences of
equal width, so CommonMark's rule would end the block at its first example. The lines beside a fence decide: a line that ends
with a colon introduces a block, and a blank line follows one. A fence that is still ambiguous opens a block within the block.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from promptwire.lazy_pattern import lazy_pattern

__all__ = ["Block", "blocks", "unfenced"]

_FENCE = lazy_pattern(
    r"\s*(?:(?:[-*+>]|\d{1,3}[.)]|[a-zA-Z][.)])\s+){0,3}(?P<said>[^`~\n]{1,200}:[*_]{0,3}\s{1,3})?(?P<ticks>`{3,}|~{3,})(?P<rest>.*?)\s*\Z",
    re.DOTALL,
)
"""A fence, after the marks of a list, a quotation, or words that introduce it."""
_WORD = lazy_pattern(r"[\w+#.-]{0,20}")


@dataclass(frozen=True, slots=True)
class Block:
    """One outermost block."""

    text: str
    """The text between the fences."""
    closed: bool
    """Whether it has a closing fence."""
    start: int
    """Where its opening fence starts in the text."""
    end: int
    """Where it ends, closing fence included."""


@dataclass(frozen=True, slots=True)
class _Fence:
    line: int
    ticks: str
    word: str

    def closes(self, other: _Fence) -> bool:
        """Whether it may close the block that `other` opened."""
        return not self.word and self.ticks[0] == other.ticks[0] and len(self.ticks) >= len(other.ticks)


def blocks(text: str) -> list[Block]:
    """The outermost blocks of `text`, in order; a block without an end reaches to the end of the text."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    fences, found = list[_Fence](), list[tuple[int, Block]]()
    for number, line in enumerate(lines):
        match = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if match is None:
            continue
        ticks, rest = match["ticks"], match["rest"].strip()
        closed = rest.rstrip(".,;!")
        if ticks[0] not in rest:
            if match["said"] and not _WORD.fullmatch(rest):
                continue
            fences.append(_Fence(number, ticks, rest))
        elif closed.endswith(ticks) and ticks not in closed[: -len(ticks)]:  # a block on one line
            found.append((number, Block(closed[: -len(ticks)], True, starts[number], starts[number + 1])))
    outer = _outermost(fences, [line.strip() for line in lines])
    made = []
    for first, last in outer:
        end = len(lines) if last is None else last
        inner = "".join(lines[first + 1 : end]).removesuffix("\n")
        made.append(Block(inner, last is not None, starts[first], starts[min(end + 1, len(lines))]))
    alone = [block for _, block in found if not any(one.start <= block.start < one.end for one in made)]
    return sorted([*made, *alone], key=lambda block: block.start)


def unfenced(text: str) -> str:
    """The content of the block if `text` is exactly one closed block, otherwise `text`.

    >>> unfenced("```text\\nName the colour.\\n```")
    'Name the colour.'
    """
    bare = text.strip()
    if not bare.startswith(("```", "~~~")):
        return text
    found = blocks(bare)
    return found[0].text if len(found) == 1 and found[0].closed and found[0].end == len(bare) else text


def _outermost(fences: Sequence[_Fence], lines: Sequence[str]) -> list[tuple[int, int | None]]:
    """First and last line of each outermost block; no last line where nothing closes it."""
    opened: list[_Fence] = []
    made: list[tuple[int, int | None]] = []
    for place, fence in enumerate(fences):
        if not opened:
            opened.append(fence)
        elif fence.word:
            if len(opened) > 1 or any(later.closes(opened[0]) for later in fences[place + 1 : place + 3]):
                opened.append(fence)
        elif fence.closes(opened[-1]):
            if len(opened) == 1 and _within(fences, place, opened[0], lines):
                opened.append(fence)
                continue
            first = opened.pop()
            if not opened:
                made.append((first.line, fence.line))
    if opened:
        # A block within the block may be what has no end: then the last fence closes the outer one.
        last = fences[-1]
        closed = len(opened) > 1 and last.closes(opened[0])
        made.append((opened[0].line, last.line if closed else None))
    return made


def _within(fences: Sequence[_Fence], place: int, outer: _Fence, lines: Sequence[str]) -> bool:
    """Whether the fence at `place` opens a block within the block of `outer`, rather than closing that."""
    fence, after = fences[place], fences[place + 1 : place + 3]
    if len(fence.ticks) != len(outer.ticks) or len(after) < 2 or after[0].word or not after[1].closes(outer):
        return False
    return _opens(fence, lines) + _closes(after[0], lines) >= _closes(fence, lines) + _opens(after[0], lines)


def _opens(fence: _Fence, lines: Sequence[str]) -> bool:
    before, after = _beside(fence, lines)
    return before.endswith(":") or (not before and bool(after))


def _closes(fence: _Fence, lines: Sequence[str]) -> bool:
    before, after = _beside(fence, lines)
    return (bool(before) and not after) or after.startswith(fence.ticks)


def _beside(fence: _Fence, lines: Sequence[str]) -> tuple[str, str]:
    """The lines before and after a fence; empty at an end of the text."""
    before = lines[fence.line - 1] if fence.line else ""
    return before.rstrip("*_ "), lines[fence.line + 1] if fence.line + 1 < len(lines) else ""
