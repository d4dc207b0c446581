"""Tell whether an answer denies what it mentions: "not B", "B is wrong", "Is it B?", "the wrong answer is B"."""

from __future__ import annotations

import re

from promptwire.lazy_pattern import lazy_pattern

__all__ = ["denied", "spared"]

_SEEN = 120
"""Characters before a mention that are searched."""

_NOT = lazy_pattern(
    r"(?:\b(?:not|never|neither|nor|without|except|exclud\w+|eliminat\w+|reject\w*|rul\w+ out|rather than|instead of|unlike"
    r"|(?<!anything other )than|over|against|cannot|(?<!no )(?<!without )(?<!without a )(?<!beyond )doubt\w*"
    r"|(?:any|every)thing but|all but"
    r"|(?<!anything )other than|apart from|aside from|besides"
    r"|no (?:es|son|sea|la|el)|n\u00e3o|nao|non|n'est|pas|nicht|kein\w*|weder|noch|niet|geen|inte|ikke|nie|ani"
    r"|\u043d\u0435|\u043d\u0438|\u043d\u0435\u0442|bukan|kh\u00f4ng ph\u1ea3i)\b"
    r"|n't\b|\u4e0d\u662f|\u4e0d\u9009|\u4e0d\u9078|\u4e0d\u8be5\u9009|\u4e0d\u80fd\u9009|\u5e76\u975e|\u4e26\u975e"
    r"|\u6392\u9664|\u0e44\u0e21\u0e48\u0e43\u0e0a\u0e48|\u0e44\u0e21\u0e48\u0e44\u0e14\u0e49|\u0644\u064a\u0633\u062a?"
    r"|\u0928\u0939\u0940\u0902)"
    r"(?:[\s:]|\b(?:be|the|option|choice|letter|options|answer|correct|right|simply|necessarily|pick|choose|select|say|both"
    r"|either|it|is|it's|that|that's|of|for|think|believe|likely|la|le|el|die|der|das|jest|est|es|ist|\u00e9|\u00e8|to"
    r"|l\u00e0|r\u00e9ponse"
    r"|respuesta|resposta|opci\u00f3n|antwort|\u043e\u0442\u0432\u0435\u0442|\u0432\u0430\u0440\u0438\u0430\u043d\u0442)\b)*\Z",
    re.IGNORECASE,
)
"""Words before a mention that deny it."""
_WRONG_ONE = lazy_pattern(
    r"(?:\b(?:(?:wrong|incorrect|false|bad|worst|weakest|unlikely|invalid|inaccurate|falsche|mauvaise"
    r"|\u043d\u0435\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\u044b\u0439"
    r"|\u043d\u0435\u0432\u0435\u0440\u043d\u044b\u0439)\s+"
    r"(?:answer|option|choice|letter|pick|antwort|r\u00e9ponse|\u043e\u0442\u0432\u0435\u0442"
    r"|\u0432\u0430\u0440\u0438\u0430\u043d\u0442)s?"
    r"|(?:respuesta|opci\u00f3n|resposta|op\u00e7\u00e3o|risposta|r\u00e9ponse)\s+(?:incorrec?t\w*|errad\w*|err\u00f3nea"
    r"|sbagliata|fausse))\b"
    r"|\u9519\u8bef(?:\u7684)?(?:\u7b54\u6848|\u9009\u9879)|\u932f\u8aa4(?:\u7684)?(?:\u7b54\u6848|\u9078\u9805))"
    r"(?:[\s:=-]|\b(?:is|are|was|would|be|must|here|clearly|obviously|of|course|the|option|choice|letter|ist|est|es"
    r"|\u00e9|\u00e8|\u044d\u0442\u043e)\b|[\u662f\u4e3a\u70ba])*\Z",
    re.IGNORECASE,
)
_AFTER = lazy_pattern(
    r"[)\s:,-]*(?:"
    r"(?:is|are|was|were|can|could|does|do|did|would|must|should|has|have|had|may|might|seems?|looks?)(?:n't\b|\s+not\b"
    r"(?!\s+only))"
    r"|can't\b|won't\b|cannot\b|would\s+(?:need|require)\b|fails\b|makes\s+no\s+sense\b"
    r"|(?:(?:is|are|was|were|seems?|looks?|sounds?|appears?(?:\s+to\s+be)?|(?:would|must|can|could|should|may"
    r"|has\s+to)\s+be)\s+)?"
    r"(?:(?:both|all|clearly|also|simply|obviously|definitely|probably|just|a|an|the|too|very|most)\s+){0,3}"
    r"(?:incorrect|wrong|false|ruled out|eliminated|excluded|rejected|impossible|implausible|unlikely|irrelevant|invalid"
    r"|inaccurate"
    r"|doubtful|less\s+\w+|out|no(?!\s+(?:doubt|question|la\b|el\b|[a-z]\b)))\b"
    r"|(?:n'est|ne\s+\w+\s+pas|no\s+(?:es|son|puede)|n\u00e3o\s+\u00e9|nao\s+e|non\s+\u00e8|(?:ist|kann)\s+nicht"
    r"|nicht\s+(?:richtig|korrekt)|ist\s+kein\w*"
    r"|nie\s+jest|\u043d\u0435\s+(?:\u044f\u0432\u043b\u044f|\u043f\u043e\u0434\u0445\u043e\u0434"
    r"|\u0432\u0435\u0440\u043d|\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d)\w+"
    r"|\u043d\u0435\u0432\u0435\u0440\u043d\w*|\u043d\u0435\u043f\u0440\u0430\u0432\u0438\u043b\u044c\u043d\w*|"
    r"(?:ist\s+)?falsch|(?:est\s+)?(?:faux|fausse)"
    r"|(?:es|\u00e9|\u00e8|est)\s+(?:incorr?ec?t\w*|errad\w*|fals\w*|sbagliat\w*)|est\u00e1\s+errad\w*|de\u011fil"
    r"|yanl\u0131\u015f|salah)\b"
    r"|\u0928\u0939\u0940\u0902|\u0917\u0932\u0924|[\u2717\u2718\u274c\u2715\u2716]|\u662f?[\u9519\u932f\u8aa4\u8bef]"
    r"|(?:\u9009\u9879|\u9078\u9805|\u9879|\u9805)?(?:\u9519|\u932f|\u4e0d\u6b63|\u4e0d\u5bf9|\u4e0d\u5c0d)|\u4e0d\u5bf9|\u4e0d\u5c0d|\u4e0d\u6b63\u786e|\u4e0d\u6b63\u78ba|(?:\u3067\u306f|\u3058\u3083)(?:\u306a\u304f"
    r"|\u306a\u3044|\u3042\u308a?\u307e\u305b\u3093)|[\u306f\u304c]?(?:\u4e0d\u6b63\u89e3|\u8aa4\u308a|\u9593\u9055)"
    r"|[\uc774\uac00\uc740\ub294]?\s*\uc544[\ub2c8\ub2d9]|[\uc774\uac00\uc740\ub294]?\s*(?:\ud2c0[\ub9b0\ub838]"
    r"|\uc624\ub2f5)|\u0e44\u0e21\u0e48\u0e43\u0e0a\u0e48(?!\s*\(?[A-Z])|\u0e1c\u0e34\u0e14)",
    re.IGNORECASE,
)
"""Words after a mention that deny it."""
_REFUTED = lazy_pattern(r"[)\s]*\?\s*(?:no|nope|wrong|incorrect|false|not)\b", re.IGNORECASE)
_ASKS = lazy_pattern(
    r"(?:\A|[.!?\n])\s*(?:(?:so|but|then|and|hmm|or|well|wait)[\s,]+)*"
    r"(?:is|are|was|could|can|might|would|should|does|do|what|how|which|must|may|shall)\b[^.!?\n]*\Z",
    re.IGNORECASE,
)
_ENDS_AS_QUESTION = lazy_pattern(
    r"[^.!?\n]{0,200}\?(?!\s*(?:yes|yeah|correct|right|true|indeed|[\u2713\u2714\u2705]))", re.IGNORECASE
)
_ALL_EXCEPT = lazy_pattern(
    r"\b(?:all|every\w*|each)\b[\w ]{0,30}?\b(?:except|but|other than|apart from|besides|save)\s+(?:for\s+)?"
    r"(?:(?:the\s+)?(?:option|choice|letter)\s+)?[(]?\Z",
    re.IGNORECASE,
)
_NONE_EXCEPT = lazy_pattern(
    r"\b(?:none|nothing|no\s+(?:other\s+)?(?:option|choice|answer))\b[\w ]{0,30}?\b(?:except|but|other than|apart from"
    r"|besides|save)\s+"
    r"(?:for\s+)?(?:(?:the\s+)?(?:option|choice|letter)\s+)?[(]?\Z",
    re.IGNORECASE,
)


def denied(text: str, start: int, end: int) -> bool:
    """Whether `text` denies what it mentions from `start` to `end`, or only asks about it.

    >>> denied("It is not B.", 10, 11), denied("Is it B?", 6, 7), denied("It is B.", 6, 7)
    (True, True, False)
    """
    before = text[max(0, start - _SEEN) : start]
    if _NOT.search(before) or _WRONG_ONE.search(before) or _AFTER.match(text, end) or _REFUTED.match(text, end):
        return True
    return _ASKS.search(before) is not None and _ENDS_AS_QUESTION.match(text, end) is not None


def spared(text: str, start: int, end: int) -> bool:
    """Whether `text` denies all but what it mentions from `start` to `end`.

    >>> spared("All except B are wrong.", 11, 12), spared("All except B are right.", 11, 12)
    (True, False)
    """
    before = text[max(0, start - _SEEN) : start]
    wrong = _AFTER.match(text, end) is not None
    return not wrong if _NONE_EXCEPT.search(before) else wrong and _ALL_EXCEPT.search(before) is not None
