"""A pattern is compiled when it is first used, and then is like a compiled one."""

from __future__ import annotations

import re

import pytest

from promptwire import lazy_pattern as module
from promptwire.lazy_pattern import lazy_pattern


def test_it_is_compiled_once_and_only_when_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    whole = re.compile

    def counted(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return whole(pattern, flags)

    monkeypatch.setattr(module.re, "compile", counted)
    pattern = lazy_pattern("B+", re.IGNORECASE)
    assert (pattern.pattern, compiled) == ("B+", [])
    assert [bool(pattern.search(text)) for text in ("abba", "aa")] == [True, False]
    assert pattern.sub("-", "abBa") == "a-a"
    assert compiled == ["B+"]


def test_it_has_what_a_compiled_pattern_has_and_nothing_else() -> None:
    pattern, plain = lazy_pattern("(?P<x>a)(b)?"), re.compile("(?P<x>a)(b)?")
    assert (pattern.flags, pattern.groups, dict(pattern.groupindex)) == (plain.flags, plain.groups, dict(plain.groupindex))
    assert pattern.findall("aba") == plain.findall("aba")
    with pytest.raises(AttributeError, match="no_such_name"):
        pattern.no_such_name  # type: ignore[attr-defined] # noqa: B018


def test_a_pattern_that_is_not_valid_is_refused_at_its_use() -> None:
    with pytest.raises(re.error):
        lazy_pattern("(").search("")
