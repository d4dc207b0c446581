r"""Remove wrappers of an answer: Markdown, quotes, fences, tags, LaTeX, a name before a colon.

Only an answer is unwrapped, never an accepted output: marks in an accepted output are compared.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.answer_names import is_name, may_name
from promptwire.metrics.normalization import plain

__all__ = ["final_part", "readings"]

_BOX = lazy_pattern(r"\\(?:boxed|fbox)\s?\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_TAG = lazy_pattern(r"<(answer|final|final[_-]?answer|label|choice)>((?:(?!</?\1>).)*)</\1>", re.IGNORECASE | re.DOTALL)
_LONGEST = 20_000
"""Most characters that are searched, from the end."""
_WRAPPED_LONGEST = 5_000
"""Longest answer that is unwrapped."""
_MOST = 40
"""Most readings of one answer that are tried."""

_WRAPS = tuple(
    lazy_pattern(pattern, re.DOTALL)
    for pattern in (
        r"(?:`{3,}|~{3,})[ \t]*[\w+-]*[ \t]*\n(?P<in>.*?)\n?[ \t]*(?:`{3,}|~{3,})",
        r"(?:`{3,})(?P<in>[^`\n]+)`{3,}",
        r"(?P<mark>\*{1,3}|_{1,3}|`{1,2})(?P<in>(?:(?!(?P=mark)).)+)(?P=mark)",
        r"(?:#{1,6}|[-*\u2022>](?!\s+[0-9.]))[ \t]+(?P<in>[^\n]+)",
        r"\$\$?(?P<in>[^$]+?)\$?\$|\\\((?P<box>.+)\\\)|\\\[(?P<display>.+)\\\]",
        r"\\(?:boxed|fbox|text|textbf|textit|emph|mathrm|mathbf)\s?\{(?P<in>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}",
        r"[\u300c\u300e\u3010\u300a\u3008](?P<in>[^\u300c-\u3011]*)[\u300d\u300f\u3011\u300b\u3009]",
        r"\"(?P<in>[^\"]+)\"|'(?P<single>[^']+)'|\u00a1(?P<spanish>[^!]+)!?",
        r"[\u00ab\u2039](?P<in>[^\u00ab\u00bb\u2039\u203a]+)[\u00bb\u203a]|[\u00bb\u203a]"
        r"(?P<turned>[^\u00ab\u00bb\u2039\u203a]+)[\u00ab\u2039]",
        r"(?P<in>.*[^.!\s])\s*\.|(?P<cry>.*(?:[^.!\s\d)a-zA-Z]|[^\W\d_][a-zA-Z]))\s*!",
        r"(?P<in>.*[^.!\s,;])\s*(?:\.{3,}|[,;])",
        r"1[.)][ \t]+(?![-+]?[0-9.])(?P<in>[^\n]+)",
        r"(?:->|=>|\u2192|\u21d2)[ \t]*(?P<in>[^\n]+)",
    )
)
_ELEMENT = lazy_pattern(r"<(?P<name>[A-Za-z][\w-]*)>(?P<in>[^<>]*)</(?P=name)>", re.DOTALL)
_STRUCK = frozenset({"del", "s", "strike"})
"""Elements whose text is struck out, so that it is no answer."""
_HEADING = lazy_pattern(
    r"(?:#{1,6}[ \t]+)?(?P<mark>\*{0,3})(?P<name>[^\n:*_#]{1,60}?)(?P=mark):?[ \t]*\n\s*(?P<rest>\S.*)", re.DOTALL
)
_PYTHON_FIELD = lazy_pattern(r"\{\s*'(?P<name>[^'\n]*)'\s*:\s*'(?P<in>[^'\n]*)'\s*\}")
_NAMED = tuple(
    lazy_pattern(pattern, re.DOTALL)
    for pattern in (
        r"(?P<mark>\*{1,3}|_{1,3})(?P<name>[^\n:*_]{1,60}?)\s*:\s*(?P=mark)\s*(?P<rest>\S.*)",
        r"(?P<mark>\*{1,3}|_{1,3})(?P<name>[^\n:*_]{1,60}?)(?P=mark)\s*:\s*(?P<rest>\S.*)",
        r"(?P<name>[^\n:*_]{1,60}?)\s*:\s*(?P<rest>\S.*)",
    )
)


def final_part(text: str) -> str:
    r"""The content of the last `\boxed{...}` of `text`, or of its last answer tags; empty when there is neither.

    >>> final_part(r"So \boxed{42}. Check: 6 * 7"), final_part("<answer>B</answer>")
    ('42', 'B')
    """
    text = text[-_LONGEST:]
    boxes = _BOX.findall(text) if "boxed" in text or "fbox" in text else []
    if boxes:
        return str(boxes[-1]).strip()
    tags = _TAG.findall(text) if "</" in text else []
    return str(tags[-1][1]).strip() if tags else ""


def readings(answer: str, labels: Collection[str] = ()) -> list[str]:
    """`answer`, then without one more wrapper each time; `labels`, in lower case, are no names before a colon.

    >>> readings("**Sentiment:** `positive`")
    ['**Sentiment:** `positive`', '`positive`', 'positive']
    """
    found = [answer.strip()]
    if len(answer) > _WRAPPED_LONGEST:
        return found
    for text in found:  # grows as it goes
        for inner in _inside(text, labels):
            if inner and inner not in found and len(found) < _MOST:
                found.append(inner)
    return found


def _inside(text: str, labels: Collection[str]) -> Iterator[str]:
    """`text` without one wrapper, in each possible way."""
    even = plain(text)
    for wrap in _WRAPS:
        if match := wrap.fullmatch(even):
            yield next((inner for inner in _named_groups(match) if inner), "").strip()
    if (
        (element := _ELEMENT.fullmatch(even))
        and element["name"].casefold() not in _STRUCK
        and may_name(element["name"], labels)
    ):
        yield element["in"].strip()
    if part := final_part(text):
        yield part
    yield _field(even, labels)
    yield _without_emoji(even)
    if even.startswith(("{", "[")):
        return
    heading = _HEADING.fullmatch(even)
    if heading and is_name(heading["name"], labels) and is_name(heading["name"], ()):
        yield heading["rest"].strip()
    for pattern in _NAMED:
        match = pattern.fullmatch(even)
        if match and is_name(match["name"], labels):
            yield match["rest"].strip()


def _named_groups(match: re.Match[str]) -> Iterator[str | None]:
    return (inner for name, inner in match.groupdict().items() if name != "mark")


def _field(text: str, labels: Collection[str]) -> str:
    """The value of a JSON list with one text, or of the one field of an object that may name an answer; otherwise empty."""
    if match := _PYTHON_FIELD.fullmatch(text):
        return match["in"].strip() if may_name(match["name"], labels) else ""
    if not (text.startswith(("{", "[")) and text.endswith(("}", "]"))):
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if isinstance(value, list):
        return value[0].strip() if len(value) == 1 and isinstance(value[0], str) else ""
    if not isinstance(value, dict):
        return ""
    named = [key for key in value if may_name(key, labels) and (len(value) == 1 or is_name(key, ()))]
    inner = value[named[0]] if len(named) == 1 else None
    return inner.strip() if isinstance(inner, str) else json.dumps(inner) if isinstance(inner, bool | int | float) else ""


def _without_emoji(text: str) -> str:
    """`text` without emoji at its ends, unless nothing else is left."""
    start, end = 0, len(text)
    while start < end and _is_picture(text[start]):
        start += 1
    while end > start and _is_picture(text[end - 1]):
        end -= 1
    return text[start:end].strip() if any(sign.isalnum() for sign in text[start:end]) else ""


def _is_picture(sign: str) -> bool:
    return sign.isspace() or (unicodedata.category(sign) in ("So", "Sk") and ord(sign) > 0x2000)
