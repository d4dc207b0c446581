"""Find text of examples that was copied into a prompt.

A prompt that quotes training examples may score well on them and say nothing about other inputs. Two things count as copied:
five or more words in a row of an example's input or output, and a whole short input with its output beside it. Words that many
examples share are the frame of the task, such as "Is this sentence plausible?", and do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from promptwire.values.examples import Example

__all__ = ["copied_spans"]

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
"""A word; in Chinese, Japanese and Korean a character."""
_IDEOGRAPHS = "\u3040"
_LONG = 5.0
"""Fewest words in a row; a character of Chinese, Japanese or Korean counts as half a word."""
_FRAME = 0.1
"""Share of the examples from which on a run of words is the frame of the task."""
_GAP = 6
"""Most words between the input and the output of a pair."""
_LINK = re.compile(r"->|=|:|\u2192|\u21d2")
_QUOTES = "\"'`*\u201c\u201d\u2018\u2019\u00ab\u00bb\u300c\u300d"

_Word = tuple[str, int, int]
"""A word in lower case, its start and its end."""


def copied_spans(prompt: str, examples: Iterable[Example]) -> tuple[str, ...]:
    """The passages of `prompt` that are copied from `examples`, in their order, each as long as possible.

    >>> copied_spans('Write the opposite, as "hot" -> "cold".', [Example(input="hot", outputs=("cold",))])
    ('hot" -> "cold',)
    """
    words = list(_words(prompt))
    positions: dict[tuple[str, ...], list[int]] = {}
    for start, run in _runs(words):
        positions.setdefault(run, []).append(start)
    found: dict[tuple[str, ...], int] = {}
    taken: set[int] = set()
    total = 0
    for example in examples:
        total += 1
        runs = {run for text in _texts(example) for _, run in _runs(list(_words(text)))}
        for run in runs & positions.keys():
            found[run] = found.get(run, 0) + 1
        taken.update(_pair(prompt, words, example))
    for run, count in found.items():
        if count == 1 or count < _FRAME * total:
            taken.update(place for start in positions[run] for place in range(start, start + len(run)))
    return tuple(prompt[words[first][1] : words[last][2]] for first, last in _ranges(taken))


def _words(text: str) -> Iterator[_Word]:
    return ((match[0].casefold(), match.start(), match.end()) for match in _WORD.finditer(text))


def _texts(example: Example) -> Iterator[str]:
    yield from [example.input] if isinstance(example.input, str) else example.input.values()
    yield from example.outputs


def _runs(words: Sequence[_Word]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each shortest run of words that is long enough, with its position."""
    for start in range(len(words)):
        length = 0.0
        for end in range(start, len(words)):
            length += 0.5 if words[end][0] >= _IDEOGRAPHS else 1.0
            if length >= _LONG:
                yield start, tuple(word for word, _, _ in words[start : end + 1])
                break


def _pair(prompt: str, words: Sequence[_Word], example: Example) -> Iterator[int]:
    """The places of a whole input and its output beside it, linked by a mark or set in quotes."""
    given = [word for word, _, _ in _words(example.text)]
    for output in example.outputs:
        wanted = [word for word, _, _ in _words(output)]
        if not given or not wanted:
            continue
        for start in _places(words, given, 0, len(words)):
            after = start + len(given)
            for other in _places(words, wanted, after, after + _GAP + len(wanted)):
                if _linked(prompt, words[start][1], words[after - 1][2], words[other][1], words[other + len(wanted) - 1][2]):
                    yield from range(start, other + len(wanted))
                    break


def _places(words: Sequence[_Word], wanted: Sequence[str], first: int, last: int) -> Iterator[int]:
    """Where `wanted` stands between the words `first` and `last`."""
    size = len(wanted)
    for start in range(first, min(last, len(words)) - size + 1):
        if words[start][0] == wanted[0] and [word for word, _, _ in words[start : start + size]] == list(wanted):
            yield start


def _linked(prompt: str, *bounds: int) -> bool:
    """Whether a mark links an input to an output, or one of them is in quotes; `bounds` are the ends of both."""
    begin, end, start, stop = bounds
    quoted = any(
        prompt[left - 1 : left] in _QUOTES and prompt[right : right + 1] in _QUOTES and left > 0 and right < len(prompt)
        for left, right in ((begin, end), (start, stop))
    )
    return quoted or bool(_LINK.search(prompt[end:start]))


def _ranges(taken: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The unbroken ranges of places, by their first and last place."""
    first = last = -2
    for place in sorted(taken):
        if place != last + 1:
            if last >= 0:
                yield first, last
            first = place
        last = place
    if last >= 0:
        yield first, last
