r"""Read the option letter that a multiple-choice answer chooses.

An answer may mention several letters. A letter that it calls the answer takes precedence. A letter that it denies does not
count. A choice between two ("A or B") gives no letter.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from promptwire.metrics.answer_wrappers import final_part
from promptwire.metrics.denials import denied, spared
from promptwire.metrics.normalization import plain

__all__ = ["choice_letter", "option_letter"]

_LONGEST = 20_000
"""Most characters of an answer that are read: a tenth from its beginning, the rest from its end."""

_LATIN = "A-Za-z0-9_\u00c0-\u024f"
_BARE = (
    rf"(?<![{_LATIN}'@#&+\\])(?<![A-Za-z][.-])(?<![a-z]/)(?<![A-Za-z]{{2}}/)(?<!N/)[A-Z](?![{_LATIN}'+#]|\.[A-Za-z]"
    rf"(?![{_LATIN}])|-[A-Za-z])"
)
_MENTION = re.compile(rf"(?<![{_LATIN}])\(\s*(?P<bracketed>[A-Za-z])\s*\)|(?P<bare>{_BARE})")
_WHOLE = re.compile(r"(?:[^\w+#]|_)*(?:(?:option|choice|letter)\s*)?[(]?\s*([A-Za-z])\s*[)]?(?:[^\w+#]|_)*", re.IGNORECASE)
_BRACKETS = dict.fromkeys(map(ord, "[\u3010\u300c\u300e\u3014\u300a\u3008\u2768\u00ab\u2039"), "(") | dict.fromkeys(
    map(ord, "]\u3011\u300d\u300f\u3015\u300b\u3009\u2769\u00bb\u203a"), ")"
)
_QUOTED = re.compile(r"(?<!\w)'\s*([A-Za-z])\s*'(?!\w)|<([A-Z])>")
_LATEX = re.compile(r"\\(?:boxed|fbox|text(?:bf|it)?|math(?:bf|rm|sf)|bf|rm)(?![A-Za-z])|\\[()\[\],;! ]|[${}]")
_MARKS = re.compile(r"\*+|__+|(?<!\w)_|_(?!\w)|[`~\"]+|</?[A-Za-z][\w-]*/?>|^[#>]+[ \t]*", re.MULTILINE)
_ARTICLE = re.compile(
    r"\s+(?!(?:is|was|are|because|since|as|or|and|over|rather|instead|not|but|would|must|should|seems|can|cannot|can't"
    r"|could)\b)"
    r"[a-z]"
)
"""The text after the words "A" and "I" where they are not option letters."""
_PERHAPS = r"(?:(?:maybe|perhaps|possibly|probably|also|even|potentially|alternatively|else|either)[ ,]*)"
_JOIN = re.compile(
    r"[,;]?[ ]*\(?(?:(?:\b(?:and/or|or|and|oder|und|ou|et|o|y|vs\.?|versus|\u0438\u043b\u0438|\u0438|lub|i|ho\u1eb7c"
    r"|atau)(?!\w)"
    r"|[/&,|\u6216\u548c\u4e0e\u8207\u304b\u3068\uc640]|\ub610\ub294|\u0e2b\u0e23\u0e37\u0e2d)[ ,]*" + _PERHAPS + r"{0,2}"
    r"|" + _PERHAPS + r"{1,2}|but[ ]+(?:maybe|perhaps|possibly|it (?:could|might) be)[ ]+)(?:option |choice )?",
    re.IGNORECASE,
)
"""The text between letters that stand beside each other: "A or B", "A, or maybe B"."""
_ANSWER = (
    r"(?:\b(?:answers?|choice|choose|chose|chosen|pick|picked|select|selected|selection|go(?:ing)? (?:with|for)|opt for"
    r"|settle on|solution|conclusion|verdict|(?:correct|right|best) (?:option|one|letter|statement)"
    r"|antwort|respuesta|r\u00e9ponse|risposta|resposta|odpowied\u017a|\u043e\u0442\u0432\u0435\u0442"
    r"|\u0111\u00e1p \u00e1n|jawaban)\b"
    r"|\ub2f5|\u7b54\u6848|\u9009|\u9078|\u7b54\u3048|\u6b63\u89e3|\uc815\ub2f5|\u0909\u0924\u094d\u0924\u0930"
    r"|\u0627\u0644\u0625\u062c\u0627\u0628\u0629|\u0627\u0644\u062c\u0648\u0627\u0628|\u0e04\u0e33\u0e15\u0e2d\u0e1a)"
)
_FILL = (
    r"(?:[\s:=,>\u2192-]|\b(?:is|was|be|would|will|should|must|has|to|the|option|choice|letter|number|answer|correct"
    r"|right|best|one"
    r"|most|likely|probably|definitely|clearly|therefore|thus|so|it|it's|that|i|i'm|we|think|believe|guess|say|final|my"
    r"|our|this"
    r"|question|for|here|of|ist|est|es|la|le|die|der|adalah)\b"
    r"|[\u662f\u4e3a\u70ba\u5e94\u8be5\u8a72\u62e9\u64c7\u9879\u9805\u6b63\u786e\u306f\u7684\uc740\ub294\u00e8\u00e9]"
    r"|\u0939\u0948|\u0647\u0648|\u0647\u064a|\u0e04\u0e37\u0e2d)"
)
_NAMED = re.compile(rf"{_ANSWER}{_FILL}{{0,24}}\Z", re.IGNORECASE)
_NAMED_NOT = re.compile(
    rf"{_ANSWER}{_FILL}{{0,24}}(?:not|n't|no es|nicht|pas|\u043d\u0435|\u4e0d\u662f"
    rf"|\u0e44\u0e21\u0e48\u0e43\u0e0a\u0e48){_FILL}{{0,8}}\Z",
    re.IGNORECASE,
)
_SAID = re.compile(
    rf"(?:\b(?:is|be|it's|that's|say|think|guess|therefore|thus|hence|so|option|letter|means)\b|[:=\u2192]|->"
    rf"|=>){_FILL}{{0,8}}\Z",
    re.IGNORECASE,
)
_LOWER = re.compile(
    rf"(?:(?:{_ANSWER}|\b(?:option|choice|letter)\b)\s*(?P<is>is\s*)?:?\s*(?:option\s+)?"
    r"|(?:\A|[\s,;.])(?:so|thus|hence|therefore)[,:]?\s+(?:(?:it's|it is|option)\s+)?(?=.[.!]?\s*\Z))"
    r"(?P<letter>[a-z])(?=\s*(?:[.,;!)]|\Z|\n))(?!\.[a-z])"
    r"(?!\s*[,;]\s*(?:(?:or|and)\s+)?\(?[a-z]\)?\s*(?:[.,;)]|\Z|\n|(?:or|and)\b))",
    re.IGNORECASE,
)
_RIGHT = re.compile(
    r"[)\s:,-]*(?:(?:is|are|was|seems|looks|must be|should be|would be|has to be)\s+(?:\w+ly\s+)?(?:the\s+|my\s+)?"
    r"(?:only\s+|most\s+|best\s+|single\s+|much\s+|more\s+)?"
    r"(?:correct|right|true|best|better|stronger|preferable|answer|likely|appropriate|accurate|choice)\b"
    r"|(?:correct|true|right|yes)\b|[\u2713\u2714\u2705]|\u662f?\u6b63\u786e|\u304c\u6b63\u89e3|(?:is|does|fits"
    r"|works)[ ]*(?:[.!]|\Z))"
    r"|[)\s]*\?\s*(?:(?:yes|yeah|correct|right|true|indeed)\b|[\u2713\u2714\u2705])",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"[)\s,;.]*(?:(?:but|rather|instead|it's|it is|sino|sondern|mais|mas|ma|bens\u00ec|\u0430|lecz|ale|tylko|tapi)\b"
    r"|\u3067\u306f\u306a\u304f\u3066?|\u3058\u3083\u306a\u304f\u3066?|[\uc774\uac00]?\s*\uc544\ub2c8\ub77c|\u800c\u662f"
    r"|\u0e41\u0e15\u0e48(?:\u0e40\u0e1b\u0e47\u0e19)?)[\s,:]*(?:(?:it's|it is|is|option|rather|que|la|es)\b\s*)*[(]?",
    re.IGNORECASE,
)
"""The text between a denied letter and the letter that takes its place."""
_GREATER = re.compile(r"(?<!\w)[A-Z]\)?\s*>\s*\(?\Z")
_LESS = re.compile(r"\)?\s*<\s*\(?[A-Z](?!\w)")
_REFUSES = re.compile(
    r"\b(?:(?:cannot|can't|could(?:n't| not)|unable to|not able to|impossible to)\s+(?:\w+ly\s+)?"
    r"(?:determine|tell|decide|answer|say|choose|pick|know|be\s+(?:sure|certain|determined))"
    r"|(?:not enough|insufficient|too little)\s+(?:information|info|context|data)|(?:don't|do not)\s+know)\b",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"\s*(?:[).:;,=\u2013\u2014>]|-\s|\n|\Z)|\s+(?:is|because|since|as|seems|would|must|should|over|rather|instead|not"
    r"|and not|but not)\b|\s+\("
    r"|\s+[0-9.]+\s*%[^%]*\Z|\s*(?:\ubc88|\u756a|\u53f7|\u3067\u3059|\u3060|\uc785\ub2c8\ub2e4|\uc774\ub2e4|\uc608\uc694"
    r"|\u9879|\u9805|\u3092\u9078|\u0e04\u0e23\u0e31\u0e1a|\u0e04\u0e48\u0e30)"
)
_OPENS = re.compile(r"\s+[A-Z0-9]")
"""The text of an option after its letter."""
_LOW_LEAD = re.compile(r"\(?([a-z])(?:\)|[.:](?=\s)|\s*-\s|\s*\n|[,;]?\s+(?:because|since|not)\b|\s+rather\s+than\b)")
_FIRST = re.compile(
    r"\s*(?:(?:option|choice|letter|\u0432\u0430\u0440\u0438\u0430\u043d\u0442|opci\u00f3n|op\u00e7\u00e3o|wariant"
    r"|\u0935\u093f\u0915\u0932\u094d\u092a|\u9009\u9879|\u9078\u9805|\u9078\u629e\u80a2|\uc120\ud0dd\uc9c0|\ubcf4\uae30"
    r"|\u0e15\u0e31\u0e27\u0e40\u0e25\u0e37\u0e2d\u0e01)\s*)?\Z",
    re.IGNORECASE,
)
_LAST = re.compile(r"[)\s.!,:]*\Z")


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
    claims = _claims(text, offered)
    if named := [claim for claim in claims if claim.named]:
        return named[-1].one
    low = [match for match in _LOWER.finditer(text) if match["letter"] != "a" or not match["is"]]
    low = [match for match in low if match["letter"].islower() and (not offered or match["letter"].upper() in offered)]
    low = [match for match in low if not denied(text, match.start("letter"), match.end("letter"))]
    if low:
        return low[-1]["letter"].upper()
    if right := [claim for claim in claims if claim.right]:
        return right[-1].one
    return _unnamed(text, claims, offered)


def _unnamed(text: str, claims: list[_Claim], offered: Collection[str]) -> str | None:
    """The letter of an answer that calls no letter the answer."""
    if claims and _REFUSES.search(text, 0, claims[0].start):
        return claims[-1].one if claims[-1].said else None
    if claims and claims[0].leading and not _lists_all(claims, offered):
        return claims[0].one
    if claims and claims[0].opening and not claims[-1].said and not _lists_all(claims, offered):
        return claims[0].one
    lead = _LOW_LEAD.match(text)
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
    for match in _MENTION.finditer(text):
        if not _counts(match, text, offered):
            continue
        beside = groups and _JOIN.fullmatch(text, groups[-1][-1].end(), match.start())
        if beside and _letter(match) not in map(_letter, groups[-1]):
            groups[-1].append(match)
        else:
            groups.append([match])
    claims: list[_Claim] = []
    heir = -1  # the end of letters that were called the answer and denied
    for group in groups:
        start, end = group[0].start(), group[-1].end()
        named = _NAMED.search(text[max(0, start - 120) : start]) is not None
        named = named or (heir >= 0 and _BUT.fullmatch(text, heir, start) is not None)
        claim = _claim(text, group, named)
        heir = end if claim is None and (named or _NAMED_NOT.search(text[max(0, start - 120) : start])) else -1
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
    return match["bare"] not in ("A", "I") or not _ARTICLE.match(text, match.end())


def _claim(text: str, group: list[re.Match[str]], named: bool) -> _Claim | None:
    """What `text` says about a group of letters; None when it denies them."""
    start, end = group[0].start(), group[-1].end()
    before = text[max(0, start - 120) : start]
    only = spared(text, start, end)
    if not only and (denied(text, start, end) or _GREATER.search(before) or _LESS.match(text, end)):
        return None
    return _Claim(
        start=start,
        letters=frozenset(map(_letter, group)),
        bracketed=group[-1]["bracketed"] is not None,
        named=named,
        right=only or _RIGHT.match(text, end) is not None,
        said=_SAID.search(before) is not None or _LAST.match(text, end) is not None,
        leading=_FIRST.match(text[:start]) is not None and _LEADS.match(text, end) is not None,
        opening=start == 0 and group[-1]["bracketed"] is not None and _OPENS.match(text, end) is not None,
    )
