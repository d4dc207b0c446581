"""Asserts about the text of a reply as one regular expression, where a test has several of them or negates one.

Every part is a look-ahead from the beginning of the reply, so parts can be joined by "and", "or" and "not".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Final

from promptwire.security.safe_regex import compile_pattern
from promptwire.tasks.promptfoo.asserts import Assert, AssertSet
from promptwire.tasks.promptfoo.source import refuse

__all__ = ["own_pattern", "pattern_of"]

_MOST_ALTERNATIVES: Final = 64
_TOKEN: Final = re.compile(r"\\(?:k<(\w+)>|.)|\(\?<(?![=!])|\[(?:\\.|[^\]\\])*\]|\$|.", re.DOTALL)
_BACK_REFERENCE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")
_NEAR: Final = 1e-9


def pattern_of(asserts: AssertSet) -> str:
    """The pattern that is found in a reply when the asserts of a test pass."""
    several = sum(one.kind == "regex" for one in asserts.flat()) > 1
    for one in asserts.flat():
        if several and one.kind == "regex" and _BACK_REFERENCE.search(str(one.value)):
            refuse(one.where, "a pattern with \\1 can't be joined with another pattern", "write both checks as one pattern")
    pattern = rf"\A{_all_of(asserts)}"
    try:
        compile_pattern(pattern)
    except ValueError as error:
        refuse(asserts.flat()[0].where, f"the asserts of this test make {error}", "use fewer or shorter asserts")
    return pattern


def _all_of(asserts: AssertSet) -> str:
    parts = [_part(one) if isinstance(one, Assert) else f"(?={_all_of(one)})" for one in asserts.items]
    if asserts.threshold is None:
        return "".join(parts)
    if any(isinstance(one, AssertSet) for one in asserts.items):
        refuse(asserts.flat()[0].where, "a threshold over an assert-set has no counterpart", "leave one of them out")
    chosen = list(_enough([one.weight for one in asserts.items], asserts.threshold))
    if len(chosen) > _MOST_ALTERNATIVES:
        refuse(asserts.flat()[0].where, f"the threshold of this test allows {len(chosen)} combinations", "use fewer asserts")
    return f"(?:{'|'.join(''.join(parts[at] for at in group) for group in chosen)})"


def _enough(weights: Sequence[float], threshold: float) -> Iterator[tuple[int, ...]]:
    """The smallest groups of asserts whose share of the weight reaches `threshold`."""
    total = sum(weights) or 1.0
    found: list[set[int]] = []
    for size in range(len(weights) + 1):
        for group in combinations(range(len(weights)), size):
            if sum(weights[at] for at in group) / total >= threshold - _NEAR and not any(one <= {*group} for one in found):
                found.append({*group})
                yield group
        if len(found) > _MOST_ALTERNATIVES:
            return


def _part(one: Assert) -> str:
    """One assert as a look-ahead."""
    values = one.value if isinstance(one.value, list) else [one.value]
    found = [_found(one.kind, value) for value in values]
    whole = f"(?:{'|'.join(found)})" if one.kind.endswith("any") else "".join(found)
    return f"(?!{whole})" if one.negated else whole


def _found(kind: str, value: Any) -> str:
    text = re.escape(str(value))
    if kind == "regex":
        return rf"(?=[\s\S]*?(?:{own_pattern(str(value))}))"
    if kind == "equals":
        return rf"(?={text}\Z)"
    if kind == "starts-with":
        return rf"(?={text})"
    return rf"(?=[\s\S]*?{f'(?i:{text})' if kind.startswith('i') else text})"


def own_pattern(pattern: str) -> str:
    r"""A pattern of JavaScript as one of Python: `$` is the very end, and groups are named by `?P<`.

    >>> own_pattern(r"^(?<n>\d+)[$]\$$")
    '^(?P<n>\\d+)[$]\\$\\Z'
    """

    def token(found: re.Match[str]) -> str:
        if found[0] == "$":
            return r"\Z"
        if found[0] == "(?<":
            return "(?P<"
        return f"(?P={found[1]})" if found[1] else found[0]

    return _TOKEN.sub(token, pattern)
