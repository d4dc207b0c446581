r"""Remove wrappers of an answer: Markdown, quotes, fences, tags, LaTeX, a name before a colon.

Only an answer is unwrapped, never an accepted output: marks in an accepted output are compared.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator

from promptwire.metrics.normalization import plain, words

__all__ = ["final_part", "readings"]

_BOX = re.compile(r"\\(?:boxed|fbox)\s?\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_TAG = re.compile(r"<(answer|final|final[_-]?answer|label|choice)>((?:(?!</?\1>).)*)</\1>", re.IGNORECASE | re.DOTALL)
_LONGEST = 20_000
"""Most characters that are searched, from the end."""
_WRAPPED_LONGEST = 5_000
"""Longest answer that is unwrapped."""
_MOST = 40
"""Most readings of one answer that are tried."""

_WRAPS = tuple(
    re.compile(pattern, re.DOTALL)
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
    )
)
_ELEMENT = re.compile(r"<(?P<name>[A-Za-z][\w-]*)>(?P<in>[^<>]*)</(?P=name)>", re.DOTALL)
_STRUCK = frozenset({"del", "s", "strike"})
"""Elements whose text is struck out, so that it is no answer."""
_HEADING = re.compile(
    r"(?:#{1,6}[ \t]+)?(?P<mark>\*{0,3})(?P<name>[^\n:*_#]{1,60}?)(?P=mark):?[ \t]*\n\s*(?P<rest>\S.*)", re.DOTALL
)
_PYTHON_FIELD = re.compile(r"\{\s*'(?P<name>[^'\n]*)'\s*:\s*'(?P<in>[^'\n]*)'\s*\}")
_NAMED = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"(?P<mark>\*{1,3}|_{1,3})(?P<name>[^\n:*_]{1,60}?)\s*:\s*(?P=mark)\s*(?P<rest>\S.*)",
        r"(?P<mark>\*{1,3}|_{1,3})(?P<name>[^\n:*_]{1,60}?)(?P=mark)\s*:\s*(?P<rest>\S.*)",
        r"(?P<name>[^\n:*_]{1,60}?)\s*:\s*(?P<rest>\S.*)",
    )
)
_NOUN_LIST = (
    "answer label output result response reply sentiment class category classification prediction topic verdict emotion intent"
    " type language polarity stance decision conclusion tag subject genre tone mood feeling choice solution translation summary"
    " judgment judgement word final antwort ergebnis stimmung ausgabe kategorie respuesta resultado sentimiento r\u00e9ponse"
    " r\u00e9sultat cat\u00e9gorie risposta risultato resposta sentimento"
    " \u043e\u0442\u0432\u0435\u0442 \u0440\u0435\u0437\u0443\u043b\u044c\u0442\u0430\u0442"
    " \u0909\u0924\u094d\u0924\u0930"
    " \u062c\u0648\u0627\u0628 \u0627\u0644\u062c\u0648\u0627\u0628 \u0627\u0644\u0625\u062c\u0627\u0628\u0629"
    " \u0e04\u0e33\u0e15\u0e2d\u0e1a \uc815\ub2f5 \ub2f5 \ub2f5\ubcc0 \uac10\uc815 \ub77c\ubca8"
)
_NOUNS = frozenset(_NOUN_LIST.split())
_HAN_NOUNS = (
    "\u7b54\u6848",
    "\u56de\u7b54",
    "\u6807\u7b7e",
    "\u60c5\u611f",
    "\u7c7b\u522b",
    "\u5206\u7c7b",
    "\u7ed3\u679c",
    "\u7b54\u3048",
    "\u611f\u60c5",
    "\u6b63\u89e3",
    "\u7d50\u679c",
)
_NEGATION_LIST = (
    "not no never isn't aren't wasn't without except but neither nor none wrong incorrect false unlikely opposite contrary"
    " untrue bad worst rejected excluded nicht kein keine falsch pas non faux fausse falso falsa incorrecta"
)
_NEGATIONS = frozenset(_NEGATION_LIST.split())
_HAN_NEGATION = re.compile("[\u4e0d\u975e\u9519\u932f\u8aa4\u8bef\u53cd]")
_CHOICES = re.compile(r"\s*[(\[][^()\[\]]*(?:[/,|]|\bor\b)[^()\[\]]*[)\]]?\Z")
"""The choices after a name, as in "Sentiment (positive/negative)"."""
_SENTENCE = re.compile(r"[.!?;,\"()\[\]{}<>=](?=.)|[!?;]")
"""Signs that no name holds."""
_COPULA = re.compile(r"\s+(?:is|are|was|would be|ist|est|es)\Z|(?<=\w)(?:\u662f|\u4e3a|\u306f)\Z")


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
        and _may_name(element["name"], labels)
    ):
        yield element["in"].strip()
    if part := final_part(text):
        yield part
    yield _field(even, labels)
    yield _without_emoji(even)
    if even.startswith(("{", "[")):
        return
    heading = _HEADING.fullmatch(even)
    if heading and _is_name(heading["name"], labels) and _is_name(heading["name"], ()):
        yield heading["rest"].strip()
    for pattern in _NAMED:
        match = pattern.fullmatch(even)
        if match and _is_name(match["name"], labels):
            yield match["rest"].strip()


def _named_groups(match: re.Match[str]) -> Iterator[str | None]:
    return (inner for name, inner in match.groupdict().items() if name != "mark")


def _field(text: str, labels: Collection[str]) -> str:
    """The value of a JSON list with one text, or of the one field of an object that may name an answer; otherwise empty."""
    if match := _PYTHON_FIELD.fullmatch(text):
        return match["in"].strip() if _may_name(match["name"], labels) else ""
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
    named = [key for key in value if _may_name(key, labels) and (len(value) == 1 or _is_name(key, ()))]
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


def _may_name(name: str, labels: Collection[str]) -> bool:
    """Whether the name of a field or of an element can name an answer: it holds no label and denies nothing."""
    said = words(name.replace("_", " "))
    padded = f" {' '.join(said)} "
    if any(word in _NEGATIONS for word in name.casefold().split()) or _HAN_NEGATION.search(name):
        return False
    return not _NEGATIONS.intersection(said) and not any(f" {' '.join(words(label))} " in padded for label in labels if label)


def _is_name(name: str, labels: Collection[str]) -> bool:
    """Whether `name` before a colon names the answer, as "Sentiment" does; a label and "Not" do not."""
    name = _COPULA.sub("", " ".join(name.casefold().strip(" \"'()[]-#>").split()))
    said = _CHOICES.sub("", name).split()
    if not said or len(said) > 5 or _SENTENCE.search(" ".join(said)) or not _may_name(" ".join(said), labels):
        return False
    if labels:
        return any(sign.isalpha() for sign in name)
    return said[-1] in _NOUNS or any(name.endswith(noun) for noun in _HAN_NOUNS)
