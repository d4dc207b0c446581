"""Untrusted patterns: same meaning as in `re`, limited in time and size."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptwire.errors import ReplyError
from promptwire.security import safe_regex
from promptwire.security.safe_regex import compile_pattern, find_all, matches, search

PLAIN = st.text(st.sampled_from("ab()[]|?*+.^$1{}-"), max_size=10)


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@settings(deadline=None)
@given(PLAIN, st.text(st.sampled_from("ab1-\n"), max_size=12))
def test_a_pattern_finds_what_re_finds(pattern: str, text: str) -> None:
    try:
        expected = [match[0] for match in re.finditer(pattern, text)]
    except re.error:
        with pytest.raises(ValueError, match="not a pattern"):
            compile_pattern(pattern)
        return
    assert bool(expected) == matches(pattern, text)
    if not re.compile(pattern).groups:
        assert list(find_all(pattern, text)) == expected


def test_a_match_gives_its_first_group_where_there_is_one() -> None:
    assert list(find_all(r"a(\d)?", "a1 a a2")) == ["1", "", "2"]


@pytest.mark.parametrize("pattern", [r"(a|aa)+$", r"(\w+\s?)*$"])
def test_an_endless_pattern_raises_reply_error(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_regex, "SECONDS", 0.05)
    text = "word " * 4000 + "!" if "w" in pattern else "a" * 100 + "!"
    for look in (lambda: matches(pattern, text), lambda: list(find_all(pattern, text))):
        with pytest.raises(ReplyError, match=r"takes more than 0.05 seconds.*\n.*repeats inside of repeats"):
            look()


@pytest.mark.parametrize(
    "pattern",
    ["(((a{1000}){1000}){1000})", "[(]{9}" * 3000, "(" * 1500 + ")" * 1500, "x{99999999}", "(?:(?:a{100}b){100}){100}"],
)
def test_a_pattern_with_huge_counts_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="not a pattern"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\d{4}-\d{2}", r"[({]{3}", r"(?:ab{2,5}){10}", r"a{1,99999}", r"\({20}", "a{,3}", "[]]{2}"]
)
def test_ordinary_counts_are_accepted(pattern: str) -> None:
    compile_pattern(pattern)


SAME = [
    ("x_{e}", "x_{e}", "x_", "x"),
    ("ab{e}", "ab{e}", "ab", "axb"),
    ("(?:cat){e<=1}", "cat{e<=1}", "cat", "cut"),
    ("(?:cat){i<=1,s}", "cat{i<=1,s}", "cats"),
    ("a{2i+2d+1s<=4}", "a{2i+2d+1s<=4}", "a"),
    ("[[:alpha:]]", ":]", "a", "[]"),
    ("[a-z--b]", "b", "-", "c"),
    ("[a||b]", "|", "a", "c"),
    ("[a&&b]", "&", "a", "c"),
    ("[a~~b]", "~", "a"),
    ("[[a][b]]", "ab]", "[b]", "a"),
    (r"\w+", "की", "ab_1", "\u0345"),
    (r"\s", "\x1c", " ", "\u200b"),
    (r"\bका\b", "का", "काम"),
    (r"(?i)straße", "STRASSE", "STRAßE"),
    (r"(?i)k", "\u212a", "K"),
    (r"(?i)\u0130", "i", "\u0130", "I"),
    ("a++b", "aaab", "ab"),
    ("(?>a|ab)c", "abc", "ac"),
    ("(?P<x>a)(?P=x)", "aa", "a"),
    ("(?m)^b$", "a\nb\nc", "ab"),
    ("(?a)\\w", "é", "e"),
    ("(a)?(?(1)b|c)", "ab", "c", "b"),
    (r"\Bx", "ax", "x"),
]
"""Patterns that `regex` itself would read differently, each with texts."""


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@pytest.mark.parametrize(("pattern", "texts"), [(row[0], row[1:]) for row in SAME])
def test_a_pattern_has_the_meaning_of_re(pattern: str, texts: tuple[str, ...]) -> None:
    for text in (*texts, *(f"-{one}-" for one in texts)):
        expected = re.search(pattern, text)
        assert search(pattern, text) == (None if expected is None else (expected[0], *expected.groups())), text
        assert matches(pattern, text) == (expected is not None)


@pytest.mark.parametrize(
    "pattern", [r"\p{L}", r"\X", r"\R", r"\h", r"\m", r"\L<words>", "(?r)a", "(?V1)a", "(?b)a", "(?e)a", "(?f)a", "(?|a|b)", "(?R)", "(?&x)",
                r"\K", r"\G", "(?<x>a)", "(?1)", "(*FAIL)", r"(?P>x)", r"\N{e}"]
)  # fmt: skip
def test_syntax_of_regex_alone_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="not a pattern"):
        compile_pattern(pattern)


def test_word_characters_are_those_of_re() -> None:
    known = "".join(chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) != "Cn")
    for pattern in (r"\w", r"\W", r"[\W_]", r"[^\w-]", r"[^\W\d]", r"(?i)[\wk]"):
        assert "".join(compile_pattern(pattern).findall(known)) == "".join(re.findall(pattern, known))
