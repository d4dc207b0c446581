"""Copied text: passages of a prompt that come from examples."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.values import Example
from promptwire.values.copied_text import CopiedText, copied_spans

FILM = Example(input="The plot is thin and the jokes are old.", outputs=("negative",))
HOT = Example(input="hot", outputs=("cold", "cool"))
SUM = Example(input="49 72", outputs=("121",))
FIELDS = Example(input={"question": "Who wrote the play about the two old brothers?"}, outputs=("Anna Berg",))
HANZI = Example(input="这部电影的情节很单薄笑话也很老", outputs=("负面",))


@pytest.mark.parametrize(
    ("prompt", "copied"),
    [
        ("Say if it is good. E.g. the PLOT is thin, and the jokes: bad.", ("the PLOT is thin, and the jokes",)),
        ("If the plot is thin and new, say so.", ("the plot is thin and",)),
        ("Is the plot thin and are the jokes old?", ()),
        ("Write the opposite: hot -> cold.", ("hot -> cold",)),
        ('If the input is "hot", then the output should be "cold".', ('hot", then the output should be "cold',)),
        ("Input: hot\nOutput: cool", ("hot\nOutput: cool",)),
        ("Turn what is hot into what is cold.", ()),
        ("The answer to hot weather is told: write it down, and be brief; do not say that it is cold.", ()),
        ("Add them: 49 + 72 = 121.", ("49 + 72 = 121",)),
        ("Add the two numbers, such as 49 and 72.", ()),
        ("Find who wrote the play about the two.", ("who wrote the play about the two",)),
        ("判断电影的情节很单薄笑话也很老的评价", ("电影的情节很单薄笑话也很老",)),
        ("判断电影的情节是好是坏", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_runs_of_five_words_and_whole_short_pairs_are_copied(prompt: str, copied: tuple[str, ...]) -> None:
    assert copied_spans(prompt, [FILM, HOT, SUM, FIELDS, HANZI]) == copied


def test_words_that_many_examples_share_are_the_frame_of_the_task() -> None:
    framed = [Example(input=f"Is the following sentence plausible? {name} ran.", outputs=("yes",)) for name in ("Ann", "Bo")]
    prompt = "Say yes if the following sentence is plausible. Is the following sentence plausible?"
    assert copied_spans(prompt, framed) == ()
    assert copied_spans(prompt, framed[:1]) == ("Is the following sentence plausible",)


def test_without_examples_nothing_is_copied() -> None:
    assert copied_spans("hot -> cold", []) == ()


_TEXTS = st.lists(st.sampled_from(["hot", "Cold", "a", "b", "ß", "İ", "\u60c5", "\u8282", "->", '"', ":"]), max_size=14).map(
    " ".join
)


@given(st.lists(_TEXTS, min_size=1, max_size=4), st.lists(st.tuples(_TEXTS, _TEXTS), max_size=6))
def test_what_is_kept_for_some_prompts_finds_in_them_what_all_examples_find(
    prompts: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> None:
    examples = [Example(input=text, outputs=(output,)) for text, output in pairs]
    every, some = CopiedText(examples), CopiedText(examples, prompts)
    assert [some.spans(prompt) for prompt in prompts] == [every.spans(prompt) for prompt in prompts]


def test_of_many_long_examples_no_more_is_kept_than_the_prompts_hold() -> None:
    long = [Example(input=" ".join(f"w{number}x{place}" for place in range(50)), outputs=("yes",)) for number in range(200)]
    prompt = "Say yes, as in w7x3 w7x4 w7x5 w7x6 w7x7 w7x8."
    found = CopiedText(long, [prompt])
    assert found.spans(prompt) == ("w7x3 w7x4 w7x5 w7x6 w7x7 w7x8",)
    assert len(found._runs) + len(found._pairs) < len(prompt.split())
