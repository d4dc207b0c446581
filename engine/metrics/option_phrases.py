"""Words around an option letter, as patterns: what calls it the answer, right, or one of several.

Patterns that end in `\\Z` are for the text before a letter; the others are for the text after it.
"""

from __future__ import annotations

import re

from promptwire.lazy_pattern import lazy_pattern

__all__ = [
    "ARTICLE",
    "BUT",
    "CLAUSE_END",
    "CORRECTS",
    "FIRST",
    "GREATER",
    "JOIN",
    "LAST",
    "LEADS",
    "LESS",
    "LOWER",
    "LOW_LEAD",
    "NAMED",
    "NAMED_NOT",
    "NEXT_QUESTION",
    "OPENS",
    "REFUSES",
    "RIGHT",
    "SAID",
    "TICK",
]

ARTICLE = lazy_pattern(
    r"\s+(?!(?:is|was|are|because|since|as|or|and|over|rather|instead|not|but|would|must|should|seems|can|cannot|can't"
    r"|could)\b)"
    r"[a-z]"
)
"""The text after the words "A" and "I" where they are not option letters."""
_PERHAPS = r"(?:(?:maybe|perhaps|possibly|probably|also|even|potentially|alternatively|else|either)[ ,]*)"
JOIN = lazy_pattern(
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
    r"|question|for|here|of|ist|est|es|la|le|die|der|adalah|correct[aeo]|corr?etta|juste|lautet|yang|benar)\b"
    r"|[\u662f\u4e3a\u70ba\u5e94\u8be5\u8a72\u62e9\u64c7\u9879\u9805\u6b63\u786e\u306f\u7684\uc740\ub294\u00e8\u00e9]"
    r"|\u0939\u0948|\u0647\u0648|\u0647\u064a|\u0e04\u0e37\u0e2d)"
)
NAMED = lazy_pattern(rf"{_ANSWER}{_FILL}{{0,24}}\Z", re.IGNORECASE)
NAMED_NOT = lazy_pattern(
    rf"{_ANSWER}{_FILL}{{0,24}}(?:not|n't|no es|nicht|pas|\u043d\u0435|\u4e0d\u662f"
    rf"|\u0e44\u0e21\u0e48\u0e43\u0e0a\u0e48){_FILL}{{0,8}}\Z",
    re.IGNORECASE,
)
SAID = lazy_pattern(
    rf"(?:\b(?:is|be|it's|that's|say|think|guess|therefore|thus|hence|so|option|letter|means)\b|[:=\u2192]|->"
    rf"|=>){_FILL}{{0,8}}\Z",
    re.IGNORECASE,
)
LOWER = lazy_pattern(
    rf"(?:(?:{_ANSWER}|\b(?:option|choice|letter)\b)\s*(?P<is>is\s*)?:?\s*(?:option\s+)?"
    r"|(?:\A|[\s,;.])(?:so|thus|hence|therefore)[,:]?\s+(?:(?:it's|it is|option)\s+)?(?=.[.!]?\s*\Z))"
    r"(?P<letter>[a-z])(?=\s*(?:[.,;!)]|\Z|\n))(?!\.[a-z])"
    r"(?!\s*[,;]\s*(?:(?:or|and)\s+)?\(?[a-z]\)?\s*(?:[.,;)]|\Z|\n|(?:or|and)\b))",
    re.IGNORECASE,
)
RIGHT = lazy_pattern(
    r"[)\s:,-]*(?:(?:is|are|was|seems|looks|must be|should be|would be|has to be)\s+(?:\w+ly\s+)?(?:the\s+|my\s+)?"
    r"(?:only\s+|most\s+|best\s+|single\s+|much\s+|more\s+)?"
    r"(?:correct|right|true|best|better|stronger|preferable|answer|likely|appropriate|accurate|choice)\b"
    r"|(?:as\s+)?(?:the|my)\s+(?:(?:only|most|correct|right|best|possible|likely|remaining|plausible|valid|final|logical"
    r"|appropriate|accurate)\s+){1,3}(?:answer|choice|option|one)\b"
    r"|(?:correct|true|right|yes)\b|[\u2713\u2714\u2705]|(?:is|does|fits|works)[ ]*(?:[.!]|\Z)"
    r"|(?:\u9009\u9879|\u9078\u9805|\u9879|\u9805)?\u662f?(?:\u6b63\u786e|\u6b63\u78ba"
    r"|[\u5bf9\u5c0d](?![\u4e8e\u65bc\u5e94\u61c9\u6bd4]))|\u304c\u6b63)"
    r"|[)\s]*\?\s*(?:(?:yes|yeah|correct|right|true|indeed)\b|[\u2713\u2714\u2705])",
    re.IGNORECASE,
)
BUT = lazy_pattern(
    r"[)\s,;.]*(?:(?:but|rather|instead|it's|it is|sino|sondern|mais|mas|ma|bens\u00ec|\u0430|lecz|ale|tylko|tapi)\b"
    r"|\u3067\u306f\u306a\u304f\u3066?|\u3058\u3083\u306a\u304f\u3066?|[\uc774\uac00]?\s*\uc544\ub2c8\ub77c|\u800c\u662f"
    r"|\u0e41\u0e15\u0e48(?:\u0e40\u0e1b\u0e47\u0e19)?)[\s,:]*(?:(?:it's|it is|is|option|rather|que|la|es)\b\s*)*[(]?",
    re.IGNORECASE,
)
"""The text between a denied letter and the letter that takes its place."""
GREATER = lazy_pattern(r"(?<!\w)[A-Z]\)?\s*>\s*\(?\Z|\bprefer\s+\(?[A-Z]\)?\s+to\s+\(?\Z")
LESS = lazy_pattern(r"\)?\s*<\s*\(?[A-Z](?!\w)")
REFUSES = lazy_pattern(
    r"\b(?:(?:cannot|can't|could(?:n't| not)|unable to|not able to|impossible to)\s+(?:\w+ly\s+)?"
    r"(?:determine|tell|decide|answer|say|choose|pick|know|be\s+(?:sure|certain|determined))"
    r"|(?:not enough|insufficient|too little)\s+(?:information|info|context|data)|(?:don't|do not)\s+know)\b",
    re.IGNORECASE,
)
LEADS = lazy_pattern(
    r"\s*(?:[).:;,=\u2013\u2014>]|-\s|\n|\Z)|\s+(?:is|because|since|as|seems|would|must|should|over|rather|instead|not"
    r"|and not|but not)\b|\s+\("
    r"|\s+[0-9.]+\s*%[^%]*\Z|\s*(?:\ubc88|\u756a|\u53f7|\u3067\u3059|\u3060|\uc785\ub2c8\ub2e4|\uc774\ub2e4|\uc608\uc694"
    r"|\u9879|\u9805|\u9078\u629e\u80a2|\u3092\u9078|\u0e04\u0e23\u0e31\u0e1a|\u0e04\u0e48\u0e30)"
)
OPENS = lazy_pattern(r"\s+[A-Z0-9]")
"""The text of an option after its letter."""
LOW_LEAD = lazy_pattern(r"\(?([a-z])(?:\)|[.:](?=\s)|\s*-\s|\s*\n|[,;]?\s+(?:because|since|not)\b|\s+rather\s+than\b)")
FIRST = lazy_pattern(
    r"\s*(?:(?:option|choice|letter|\u0432\u0430\u0440\u0438\u0430\u043d\u0442|opci\u00f3n|op\u00e7\u00e3o|wariant"
    r"|\u0935\u093f\u0915\u0932\u094d\u092a|\u9009\u9879|\u9078\u9805|\u9078\u629e\u80a2|\uc120\ud0dd\uc9c0|\ubcf4\uae30"
    r"|\u0e15\u0e31\u0e27\u0e40\u0e25\u0e37\u0e2d\u0e01)\s*)?\Z",
    re.IGNORECASE,
)
LAST = lazy_pattern(r"[)\s.!,:]*\Z")
CORRECTS = lazy_pattern(
    r"\b(?:wait|actually|correction|on second thought|scratch that|oops|let me correct(?: that| this)?)\b"
    r"(?:[\s,.:;!\u2014-]|\b(?:no|sorry|it's|it is|it should be|the|correct|answer|option|is|should be|actually)\b){0,12}\(?\Z",
    re.IGNORECASE,
)
"""Words with which an answer takes back what it said."""
TICK = lazy_pattern(r"[^\n\u2713\u2714\u2705\u2717\u2718\u274c]{0,300}[\u2713\u2714\u2705][)\s.]*(?:\n|\Z)")
"""The rest of a line that ends with a tick."""
NEXT_QUESTION = lazy_pattern(
    r"\n\s*\n[ \t]*(?:#{1,4}[ \t]*|\*{2})?(?:Question|Q|Human|User|Input|Problem)[ \t]*[0-9]{0,3}[ \t]*:"
)
"""Where a model goes on with a question of its own."""
CLAUSE_END = lazy_pattern(r"[)\s]*(?:[.!,;:]|\n|\Z)|\)?\s+is\s+(?:correct|right|the)\b")
