"""Find text of examples that was copied into a prompt.

A prompt that quotes training examples may score well on them and say nothing about other inputs. Two things count as copied:
five or more words in a row of an example's input or output, and a whole short input with its output beside it. Words that many
examples share are the frame of the task, such as "Is this sentence plausible?", and do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from promptwire.lazy_pattern import lazy_pattern
from promptwire.values.examples import Example

__all__ = ["CopiedText", "copied_spans"]

_WORD = lazy_pattern(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
"""A word; in Chinese, Japanese and Korean a character."""
_IDEOGRAPHS = "\u3040"
_LONG = 5.0
"""Fewest words in a row; a character of Chinese, Japanese or Korean counts as half a word."""
_FRAME = 0.1
"""Share of the examples from which on a run of words is the frame of the task."""
_GAP = 6
"""Most words between the input and the output of a pair."""
_LINK = lazy_pattern(r"->|=|:|\u2192|\u21d2")
_QUOTES = "\"'`*\u201c\u201d\u2018\u2019\u00ab\u00bb\u300c\u300d"

_Word = tuple[str, int, int]
"""A word in lower case, its start and its end."""
_Run = tuple[str, ...]
_Pair = tuple[_Run, _Run]
"""Words of an input, and of one of its outputs."""


class CopiedText:
    """Finds what prompts copied from the same examples. The examples are read once."""

    def __init__(self, examples: Iterable[Example], prompts: Iterable[str] | None = None) -> None:
        """With `prompts`, only what one of them holds is kept of the examples, which may be many and long.

        No other prompt may then be asked for.
        """
        self._total = 0
        self._runs: Counter[_Run] = Counter()
        self._pairs: dict[str, list[_Pair]] = {}
        wanted = None if prompts is None else _Wanted(prompts)
        for example in examples:
            self._total += 1
            texts = [_folded(text) for text in _texts(example)]
            runs: set[_Run] = set().union(*map(_runs_of, texts))
            self._runs.update(runs if wanted is None else runs & wanted.runs)
            given = tuple(texts[0] if isinstance(example.input, str) else _folded(example.text))
            if given and (wanted is None or wanted.may_hold(given)):
                outputs = (tuple(_folded(output)) for output in example.outputs)
                self._pairs.setdefault(given[0], []).extend((given, output) for output in outputs if output)

    def spans(self, prompt: str) -> tuple[str, ...]:
        """The passages of `prompt` that are copied, in their order, each as long as possible."""
        words = list(_words(prompt))
        taken: set[int] = set()
        for start, run in _runs(words):
            count = self._runs[run]
            if count == 1 or 0 < count < _FRAME * self._total:
                taken.update(range(start, start + len(run)))
        for start, (word, _, _) in enumerate(words):
            for given, wanted in self._pairs.get(word, ()):
                taken.update(_pair(prompt, words, start, given, wanted))
        return tuple(prompt[words[first][1] : words[last][2]] for first, last in _ranges(taken))


def copied_spans(prompt: str, examples: Iterable[Example]) -> tuple[str, ...]:
    """The passages of `prompt` that are copied from `examples`; see `CopiedText.spans`.

    >>> copied_spans('Write the opposite, as "hot" -> "cold".', [Example(input="hot", outputs=("cold",))])
    ('hot" -> "cold',)
    """
    return CopiedText(examples).spans(prompt)


def _words(text: str) -> Iterator[_Word]:
    return ((match[0].casefold(), match.start(), match.end()) for match in _WORD.finditer(text))


def _folded(text: str) -> list[str]:
    """The words of `text` in lower case."""
    return _WORD.findall(text.lower()) if text.isascii() else [word.casefold() for word in _WORD.findall(text)]


def _texts(example: Example) -> Iterator[str]:
    yield from [example.input] if isinstance(example.input, str) else example.input.values()
    yield from example.outputs


def _runs(words: Sequence[_Word]) -> Iterator[tuple[int, _Run]]:
    """Each shortest run of words that is long enough, with its position."""
    return enumerate(_runs_of([word for word, _, _ in words]))


def _runs_of(words: Sequence[str]) -> Iterable[_Run]:
    """For each word, the shortest run that begins with it and is long enough; the last words begin none."""
    if not words or max(words) < _IDEOGRAPHS:  # nearly always, and then all runs have one length
        return zip(*(words[start:] for start in range(int(_LONG))), strict=False)
    return _mixed_runs(words)


def _mixed_runs(words: Sequence[str]) -> Iterator[_Run]:
    for start in range(len(words)):
        length = 0.0
        for end in range(start, len(words)):
            length += 0.5 if words[end] >= _IDEOGRAPHS else 1.0
            if length >= _LONG:
                yield tuple(words[start : end + 1])
                break


class _Wanted:
    """What some prompts hold: of examples, no more needs to be known."""

    def __init__(self, prompts: Iterable[str]) -> None:
        self.runs: set[_Run] = set()
        self._words: set[str] = set()
        self._longest = 0
        for prompt in prompts:
            words = _folded(prompt)
            self.runs.update(_runs_of(words))
            self._words.update(words)
            self._longest = max(self._longest, len(words))

    def may_hold(self, given: _Run) -> bool:
        """Whether a prompt may hold the whole input `given`."""
        return len(given) < self._longest and self._words.issuperset(given)


def _pair(prompt: str, words: Sequence[_Word], start: int, given: tuple[str, ...], wanted: tuple[str, ...]) -> Iterable[int]:
    """The places of the whole input `given` at `start` and its output beside it, linked by a mark or set in quotes."""
    after = start + len(given)
    if not _stands(words, given, start):
        return ()
    for other in range(after, after + _GAP + len(wanted)):
        if _stands(words, wanted, other):
            end = other + len(wanted)
            if _linked(prompt, words[start][1], words[after - 1][2], words[other][1], words[end - 1][2]):
                return range(start, end)
    return ()


def _stands(words: Sequence[_Word], wanted: tuple[str, ...], start: int) -> bool:
    """Whether `wanted` stands at `start`."""
    return tuple(word for word, _, _ in words[start : start + len(wanted)]) == wanted


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
