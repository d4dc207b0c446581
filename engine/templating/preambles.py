"""Remove what surrounds an unmarked answer: quotes, and sentences such as "Here is the refined prompt:"."""

from __future__ import annotations

import re
from typing import Final

from promptwire.lazy_pattern import lazy_pattern
from promptwire.templating.fences import blocks, unfenced

__all__ = ["unquoted", "untagged", "without_preamble"]

_QUOTES: Final = {
    '"': '"',
    "'": "'",
    "`": "`",
    "\u201c": "\u201d",
    "\u2018": "\u2019",
    "\u00ab": "\u00bb",
    "\u201e": "\u201c",
    "\u201d": "\u201d",
    "\u2039": "\u203a",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
}
_ELIDED: Final = lazy_pattern(r"['\u2018\u2019](?:\d0s|t(?:is|was)|em|til|cause|n)\b", re.IGNORECASE)
"""An apostrophe that begins a word."""
_APOSTROPHES: Final = "'\u2018\u2019"
_LONG: Final = ('"""', "'''")
_STEP: Final = 4
_KIND: Final = (
    r"(?:prompts?|instructions?|variants?|variations?|versions?|wordings?|rewordings?|paraphrases?|rewrites?|rephrasings?"
    r"|suggestions?|proposals?|alternatives?|attempts?|drafts?|formulations?)"
)
_MADE: Final = (
    r"(?:new|refined|improved|revised|rewritten|re-written|reworded|rephrased|paraphrased|updated|optimi[sz]ed|better|final|modified"
    r"|edited|alternative|suggested|proposed|enhanced|polished|reformulated|adjusted|corrected|clearer|shorter|concise|complete"
    r"|possible|second|next|resulting|reconstructed|original|lost|likely|mutated)"
)
_HELLO: Final = lazy_pattern(
    r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|alright|all right|understood|got it|great|no problem|yes)"
    r"(?:[!.]+(?::(?=\s*\n))?|:(?=\s*\n)|,(?=\s*(?:here|based on|below)\b)|\s*\n)\s*",
    re.IGNORECASE,
)
_BEGINS: Final = r"(?:here(?:'s|\u2019s| is| are| you go)|below is|this is|i(?:'ve|\u2019ve| have|'d|\u2019d| would)?)\b"
_LEAD: Final = (
    r"(?:based on|after|given|considering|taking|following|using|in light of|looking at|having|to address)\b"
    r"[^\n:]{0,160}?,\s{1,3}"
)
"""What the new prompt comes from, said before it."""
_OTHER: Final = (
    rf"(?!\s+of\s+(?:my|our|his|her|their|an?|(?:the|your|this)\s+(?!(?:{_MADE}\s+|given\s+|system\s+|task\s+)?{_KIND}\b))\b)"
)
"""A version of something else, such as an essay, is no prompt."""
_HERE: Final = lazy_pattern(
    rf"(?:{_LEAD})?{_BEGINS}[^\n:]{{0,100}}?\b{_MADE}\b[^\n:]{{0,60}}?\b(?:{_KIND}|one)\b{_OTHER}[^\n:]{{0,60}}:[*_]{{0,3}}(?=\s)\s*"
    rf"|(?:{_LEAD})?{_BEGINS}[^\n:]{{0,100}}?\b{_MADE}\b[^\n:]{{0,60}}:[*_]{{0,3}}[ \t]*\n\s*"
    rf"|(?:{_LEAD})?here(?:'s|\u2019s| is| are| you go)\b[^\n:]{{0,100}}?\b{_KIND}\b[^\n:]{{0,60}}:[*_]{{0,3}}[ \t]*\n\s*"
    r"|here (?:you go|it is|they are)[:!.]{1,3}[*_]{0,3}\s+",
    re.IGNORECASE,
)
_DONE: Final = (
    r"(?:refined|improved|revised|rewritten|re-written|reworded|rephrased|paraphrased|updated|optimi[sz]ed|polished"
    r"|reformulated)"
)
_DASH: Final = r"\s{1,3}[-\u2013\u2014]{1,2}(?=\s)\s*"
_LABEL: Final = lazy_pattern(
    rf"[#>*_\s]{{0,6}}(?:(?:the|my|your|a|an)\s+)?(?:{_MADE}\s+(?:and\s+{_MADE}\s+)?){{0,2}}(?:(?:system|task|user)\s+)?{_KIND}"
    rf"(?:\s+is|\s+reads|\s*#?\d{{1,2}}|\s+\([^()\n]{{0,60}}\))?\s{{0,3}}[*_]{{0,3}}\s{{0,3}}:[*_]{{0,3}}(?=\s)\s*"
    rf"|[#*_\s]{{0,6}}(?:(?:the|my|your|a|an)\s+)?{_MADE}\s+{_KIND}[*_]{{0,3}}(?:[ \t]*\n\s*|{_DASH})"
    rf"|[#>*_\s]{{0,6}}{_DONE}[*_]{{0,3}}:[*_]{{0,3}}(?=\s)\s*"
    rf"|{_LEAD}(?:(?:the|my|your|a|an)\s+)?{_MADE}\s+(?:(?:system|task|user)\s+)?{_KIND}(?:\s+is|\s+reads)?"
    r"\s{0,3}:[*_]{0,3}[ \t]*\n\s*",
    re.IGNORECASE,
)
_COMMENT: Final = (
    rf"this (?:{_MADE} )?{_KIND}(?=[^\n]{{0,80}}\b(?:is|keeps|makes|asks|adds|has|was|should|conveys|preserves|maintains"
    r"|addresses|clarifies|emphasi[sz]es|ensures)\b)"
    r"|(?:explanation|changes(?: made)?|notes?|rationale|reasoning|why this works)[*_]{0,3}\s{0,3}:"
)
_AFTER: Final = lazy_pattern(
    r"\n[ \t]{0,20}\n[*_(\s]{0,4}(?:let me know|feel free|would you like|i hope"
    rf"|i(?:'ve| have)? (?:changed|made|kept|added|removed|rephrased|reworded)|{_COMMENT})",
    re.IGNORECASE,
)
"""What follows a prompt that a sentence introduced."""
_OFFER: Final = (
    r"(?:let me know (?:if|whether|what) (?:you(?:'d|\u2019d)? (?:would )?(?:like|want|need|prefer|have)|you think"
    r"|(?:this|it|that) (?:works|helps|fits|suits|needs)|any(?:thing)? |further )"
    r"|feel free to (?:ask|let me know|adjust|modify|reach)|would you like me to|i hope (?:this|that|it) (?:helps|works|fits))"
    r"[^\n]{0,200}\s*\Z"
)
_CODA: Final = lazy_pattern(
    rf"\n[ \t]{{0,20}}\n[*_(\s]{{0,4}}{_OFFER}"
    rf"|\n(?:[ \t]{{0,20}}\n){{0,2}}[ \t]{{0,3}}(?:-{{3,40}}|\*{{3,40}}|_{{3,40}})[ \t]{{0,20}}\n"
    rf"[*_(\s]{{0,4}}(?:{_COMMENT}|{_OFFER})",
    re.IGNORECASE,
)
"""What follows any prompt: an offer in the last line, or a comment below a rule."""


_TAGGED: Final = lazy_pattern(r"<(\w[\w -]{0,40})>(.*)</\1>", re.DOTALL)


def unquoted(text: str) -> str:
    """`text` without the pair of quotes that encloses all of it.

    >>> unquoted('"Say hello."'), unquoted('"Yes" if it fits, otherwise "No"')
    ('Say hello.', '"Yes" if it fits, otherwise "No"')
    """
    for long in _LONG:
        if len(text) >= 2 * len(long) and text.startswith(long) and text.endswith(long):
            return text[len(long) : -len(long)].strip()
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 2 or text[-1] != closing or _ELIDED.match(text) or not _encloses(text, text[0], closing):
        return text
    return text[1:-1].strip()


def untagged(text: str) -> str:
    """`text` without the tag of any name that encloses all of it, as when a model gives the asked tag another name.

    >>> untagged("<other wording>Name the colour.</other wording>"), untagged("Answer <b>yes</b> or <b>no</b>")
    ('Name the colour.', 'Answer <b>yes</b> or <b>no</b>')
    """
    found = _TAGGED.fullmatch(text)
    if found is None or not found[2].strip() or re.search(rf"</?{re.escape(found[1])}>", found[2]):
        return text
    return found[2].strip()


def _encloses(text: str, opening: str, closing: str) -> bool:
    """Whether the quote that begins `text` is closed by its last character."""
    depth = 1
    for match in re.finditer(rf"[{re.escape(opening + closing)}]", text[1:-1]):
        before, after = text[match.start() : match.start() + 1], text[match.start() + 2 : match.start() + 3]
        if before == "\\" or (match[0] in _APOSTROPHES and before.isalnum() and after.isalnum()):
            continue  # an escaped quote, an apostrophe
        if opening != closing:
            opens = match[0] == opening
        else:
            opens = bool(after.strip()) and (not match.start() or not before.strip() or before in "([{-:=")
        depth += 1 if opens else -1
        if depth == 0:
            return False
    return depth == 1


def without_preamble(text: str) -> str:
    """A reply that should be only a prompt, without the sentences before and after it.

    >>> without_preamble("Sure! Here is the refined prompt:\\n\\nName the colour.")
    'Name the colour.'
    """
    text = text.strip()
    rest = text
    for _ in range(_STEP):
        found = next((match for shape in (_HELLO, _HERE, _LABEL) if (match := shape.match(rest))), None)
        if found is None or not rest[found.end() :].strip():
            break
        rest = rest[found.end() :]
    coda = _CODA.search(rest)
    if coda and rest[: coda.start()].strip():
        rest, text = rest[: coda.start()], text if rest != text else rest[: coda.start()]
    if rest != text:
        after = _AFTER.search(rest)
        rest = rest[: after.start()] if after else rest
        if rest.startswith(("```", "~~~")):
            block = blocks(rest)[0]
            return block.text.strip() if block.closed else rest.strip()
    return unfenced(rest.strip()).strip()
