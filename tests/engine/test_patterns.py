"""Patterns of strangers: as `re` has them, but never for long and never large."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptwire import patterns
from promptwire.errors import ReplyError
from promptwire.patterns import compiled, find, found

PLAIN = st.text(st.sampled_from("ab()[]|?*+.^$1{}-"), max_size=10)


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@settings(deadline=None)
@given(PLAIN, st.text(st.sampled_from("ab1-\n"), max_size=12))
def test_a_pattern_finds_what_re_finds(pattern: str, text: str) -> None:
    try:
        expected = [match[0] for match in re.finditer(pattern, text)]
    except re.error:
        with pytest.raises(ValueError, match="not a pattern"):
            compiled(pattern)
        return
    assert bool(expected) == found(pattern, text)
    if not re.compile(pattern).groups:
        assert list(find(pattern, text)) == expected


def test_the_first_group_is_what_is_found_where_there_is_one() -> None:
    assert list(find(r"a(\d)?", "a1 a a2")) == ["1", "", "2"]


@pytest.mark.parametrize("pattern", [r"(a|aa)+$", r"(\w+\s?)*$"])
def test_a_pattern_that_would_try_for_years_is_one_clear_error(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.05)
    text = "word " * 4000 + "!" if "w" in pattern else "a" * 100 + "!"
    for look in (lambda: found(pattern, text), lambda: list(find(pattern, text))):
        with pytest.raises(ReplyError, match=r"takes more than 0.05 seconds.*\n.*repeats inside of repeats"):
            look()


@pytest.mark.parametrize(
    "pattern",
    ["(((a{1000}){1000}){1000})", "[(]{9}" * 3000, "(" * 1500 + ")" * 1500, "x{99999999}", "(?:(?:a{100}b){100}){100}"],
)
def test_a_pattern_that_would_fill_the_memory_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="not a pattern"):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\d{4}-\d{2}", r"[({]{3}", r"(?:ab{2,5}){10}", r"a{1,99999}", r"\({20}", "a{,3}", "[]]{2}"]
)
def test_ordinary_counts_are_taken(pattern: str) -> None:
    compiled(pattern)
