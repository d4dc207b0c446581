r"""Read the option letter that a multiple-choice answer chooses.

An answer may mention several letters. A letter that it calls the answer takes precedence. A letter that it denies does not
count. A choice between two ("A or B") gives no letter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.answer_wrappers import final_part
from promptwire.metrics.denials import denied, spared
from promptwire.metrics.normalization import plain
from promptwire.metrics.option_phrases import (
    ARTICLE,
    BUT,
    CLAUSE_END,
    CORRECTS,
    FIRST,
    GREATER,
    JOIN,
    LAST,
    LEADS,
    LESS,
    LOW_LEAD,
    LOWER,
    NAMED,
    NAMED_NOT,
    NEXT_QUESTION,
    OPENS,
    REFUSES,
    RIGHT,
    SAID,
    TICK,
)

__all__ = ["choice_letter", "option_letter"]

_LONGEST = 20_000
"""Most characters of an answer that are read: a tenth from its beginning, the rest from its end."""

_LATIN = "A-Za-z0-9_\u00c0-\u024f"
_BARE = (
    rf"(?<![{_LATIN}'@#&+\\])(?<![A-Za-z][.-])(?<![a-z]/)(?<![A-Za-z]{{2}}/)(?<!N/)[A-Z](?![{_LATIN}'+#]|\.[A-Za-z]"
    rf"(?![{_LATIN}])|-[A-Za-z])"
)
_MENTION = lazy_pattern(rf"(?<![{_LATIN}])\(\s*(?P<bracketed>[A-Za-z])\s*\)|(?P<bare>{_BARE})")
_WHOLE = lazy_pattern(r"(?:[^\w+#]|_)*(?:(?:option|choice|letter)\s*)?[(]?\s*([A-Za-z])\s*[)]?(?:[^\w+#]|_)*", re.IGNORECASE)
_BRACKETS = dict.fromkeys(map(ord, "[\u3010\u300c\u300e\u3014\u300a\u3008\u2768\u00ab\u2039"), "(") | dict.fromkeys(
    map(ord, "]\u3011\u300d\u300f\u3015\u300b\u3009\u2769\u00bb\u203a"), ")"
)
_QUOTED = lazy_pattern(r"(?<!\w)'\s*([A-Za-z])\s*'(?!\w)|<([A-Z])>")
_LATEX = lazy_pattern(r"\\(?:boxed|fbox|text(?:bf|it)?|math(?:bf|rm|sf)|bf|rm)(?![A-Za-z])|\\[()\[\],;! ]|[${}]")
_MARKS = lazy_pattern(r"\*+|__+|(?<!\w)_|_(?!\w)|[`~\"]+|</?[A-Za-z][\w-]*/?>|^[#>]+[ \t]*", re.MULTILINE)
_AFTER_LETTER = lazy_pattern(r"\s*\)?\s*[:.,=-]?\s*\(?")
"""What stands between a letter and the text of its option."""
_MOST = 300
"""Most letters of an answer that are looked at: a sixth from its beginning, the rest from its end."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """Letters that stand together in an answer, and what the answer says about them."""

    start: int
    letters: frozenset[str]
    bracketed: bool
    named: bool
    right: bool
    said: bool
    leading: bool
    opening: bool

    @property
    def one(self) -> str | None:
        """The letter; None where there are several."""
        return next(iter(self.letters)) if len(self.letters) == 1 else None


def choice_letter(text: str) -> str | None:
    """The letter if `text` is only a letter: (A), A, A. or a)."""
    match = _WHOLE.fullmatch(_even(text.strip())) if len(text) < 60 else None
    return match[1].upper() if match else None


def option_letter(answer: str, offered: Collection[str] = ()) -> str | None:
    """The option that an answer settles on, among those `offered` where they are known; None when it names none or several.

    `offered` are letters, or a mapping of letters to the texts of their options.

    In this order: what stands in a box or an answer tag; a letter that is the whole answer; the last that is called the answer;
    the last that is called right; one that begins the answer; the last in brackets; the last that is said, or that ends it.

    >>> option_letter("The answer is (B), because (A) is wrong."), option_letter("A dog"), option_letter("A or B")
    ('B', None, None)
    """
    inner = final_part(answer)
    if inner and inner != answer and (letter := option_letter(inner, offered)):
        return letter
    if letter := choice_letter(answer):
        return letter if not offered or letter in offered else None
    text = _even(answer if len(answer) <= _LONGEST else f"{answer[: _LONGEST // 10]}\n{answer[-_LONGEST + _LONGEST // 10 :]}")
    end = NEXT_QUESTION.search(text)
    if end and text[: end.start()].strip() and (letter := option_letter(text[: end.start()], offered)):
        return letter
    claims = _claims(text, offered)
    if named := [claim for claim in claims if claim.named]:
        return named[-1].one
    low = [match for match in LOWER.finditer(text) if match["letter"] != "a" or not match["is"]]
    low = [match for match in low if match["letter"].islower() and (not offered or match["letter"].upper() in offered)]
    low = [match for match in low if not denied(text, match.start("letter"), match.end("letter"))]
    if low:
        return low[-1]["letter"].upper()
    if right := [claim for claim in claims if claim.right]:
        return right[-1].one
    return _unnamed(text, claims, offered)


def _unnamed(text: str, claims: list[_Claim], offered: Collection[str]) -> str | None:
    """The letter of an answer that calls no letter the answer."""
    if claims and REFUSES.search(text, 0, claims[0].start):
        return claims[-1].one if claims[-1].said else None
    if claims and claims[0].leading and not _lists_all(claims, offered):
        return claims[0].one
    if claims and claims[0].opening and not claims[-1].said and not _lists_all(claims, offered):
        return claims[0].one
    lead = LOW_LEAD.match(text)
    if lead and (not offered or lead[1].upper() in offered):
        return lead[1].upper()
    if bracketed := [claim for claim in claims if claim.bracketed]:
        return None if _lists_all(bracketed, offered) else bracketed[-1].one
    said = [claim for claim in claims if claim.said]
    return said[-1].one if said else None


def _lists_all(claims: list[_Claim], offered: Collection[str]) -> bool:
    """Whether the claims only repeat the options of the question, each once."""
    return len(offered) > 1 and len(claims) == len(offered) == len({letter for claim in claims for letter in claim.letters})


def _even(text: str) -> str:
    """`text` without Markdown and LaTeX, with round brackets for all kinds."""
    text = plain(text)
    closed = set(re.findall(r"</([A-Z])>", text))
    text = _QUOTED.sub(lambda found: found[0] if found[2] in closed else found[1] or f"({found[2]})", text)
    return _MARKS.sub("", _LATEX.sub("", text).translate(_BRACKETS)).strip()


def _claims(text: str, offered: Collection[str]) -> list[_Claim]:
    groups: list[list[re.Match[str]]] = []
    counted = [match for match in _MENTION.finditer(text) if _counts(match, text, offered)]
    if len(counted) > _MOST:
        counted = counted[: _MOST // 6] + counted[-_MOST + _MOST // 6 :]
    texts = offered if isinstance(offered, Mapping) else {}
    for match in counted:
        beside = groups and JOIN.fullmatch(text, groups[-1][-1].end(), match.start())
        if beside and _letter(match) not in map(_letter, groups[-1]):
            groups[-1].append(match)
        else:
            groups.append([match])
    claims: list[_Claim] = []
    heir = -1  # the end of letters that were called the answer and denied
    for group in groups:
        start, end = group[0].start(), group[-1].end()
        named = NAMED.search(text[max(0, start - 120) : start]) is not None
        named = named or (heir >= 0 and BUT.fullmatch(text, heir, start) is not None)
        named = named or (
            CORRECTS.search(text[max(0, start - 120) : start]) is not None and CLAUSE_END.match(text, end) is not None
        )
        claim = _claim(text, group, named, texts)
        heir = end if claim is None and (named or NAMED_NOT.search(text[max(0, start - 120) : start])) else -1
        if claim is not None:
            claims.append(claim)
    return claims


def _letter(match: re.Match[str]) -> str:
    return (match["bracketed"] or match["bare"]).upper()


def _counts(match: re.Match[str], text: str, offered: Collection[str]) -> bool:
    """Whether a letter can be an option: it is offered, and neither an article nor a pronoun."""
    letter = _letter(match)
    if offered and letter not in offered:
        return False
    if not offered and match["bracketed"] in ("i", "s", "v", "x"):
        return False
    return match["bare"] not in ("A", "I") or not ARTICLE.match(text, match.end())


def _claim(text: str, group: list[re.Match[str]], named: bool, texts: Mapping[str, str]) -> _Claim | None:
    """What `text` says about a group of letters; None when it denies them."""
    start, end = group[0].start(), group[-1].end()
    before = text[max(0, start - 120) : start]
    past = _past_option(text, end, texts.get(_letter(group[-1]), ""))
    only = spared(text, start, past)
    if not only and (denied(text, start, past) or GREATER.search(before) or LESS.match(text, end)):
        return None
    return _Claim(
        start=start,
        letters=frozenset(map(_letter, group)),
        bracketed=group[-1]["bracketed"] is not None,
        named=named,
        right=only or RIGHT.match(text, past) is not None or (_begins_line(before) and TICK.match(text, end) is not None),
        said=SAID.search(before) is not None or LAST.match(text, end) is not None,
        leading=FIRST.match(text[:start]) is not None and LEADS.match(text, end) is not None,
        opening=start == 0 and group[-1]["bracketed"] is not None and OPENS.match(text, end) is not None,
    )


def _past_option(text: str, end: int, option: str) -> int:
    """Where the text of an option ends, if it follows its letter: the "No" of "B) No" denies nothing."""
    between = _AFTER_LETTER.match(text, end)
    start = between.end() if between else end
    stop = start + len(option)
    if not option or text[start:stop].casefold() != option.casefold() or text[stop : stop + 1].isalnum():
        return end
    return stop


def _begins_line(before: str) -> bool:
    return not before.rpartition("\n")[2].strip(" \t-\u2022(")
