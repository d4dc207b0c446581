"""Tell whether a name before a colon names an answer, as "Sentiment" does, or denies it, as "Wrong answer" does."""

from __future__ import annotations

from collections.abc import Collection

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.normalization import words

__all__ = ["is_name", "may_name"]

_NOUN_LIST = (
    "answer label output result response reply sentiment class category classification prediction topic verdict emotion intent"
    " type language polarity stance decision conclusion tag subject genre tone mood feeling choice solution translation summary"
    " judgment judgement word final antonym synonym opposite plural singular rhyme title name time date tense"
    " antwort ergebnis stimmung ausgabe kategorie respuesta resultado sentimiento r\u00e9ponse"
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
    "not no never isn't aren't wasn't without except but neither nor none unlikely rejected excluded"
    " nicht kein keine falsch pas non faux fausse falso falsa incorrecta"
)
_NEGATIONS = frozenset(_NEGATION_LIST.split())
_POOR = frozenset(["wrong", "incorrect", "false", "untrue", "bad", "worst"])
"""Words that deny alone or before a noun such as "answer": "Wrong label", but not "Bad review"."""
_OPPOSITE = lazy_pattern(r"(?:opposite|contrary)( of| to)?\Z")
"""A name that denies a label. Without labels it may name an antonym, unless it ends with "of"."""
_HAN_NEGATION = lazy_pattern("[\u4e0d\u975e\u9519\u932f\u8aa4\u8bef\u53cd]")
_CHOICES = lazy_pattern(r"\s*[(\[][^()\[\]]*(?:[/,|]|\bor\b)[^()\[\]]*[)\]]?\Z")
"""The choices after a name, as in "Sentiment (positive/negative)"."""
_SENTENCE = lazy_pattern(r"[.!?;,\"()\[\]{}<>=](?=.)|[!?;]")
"""Signs that no name holds."""
_COPULA = lazy_pattern(r"\s+(?:is|are|was|would be|ist|est|es)\Z|(?<=\w)(?:\u662f|\u4e3a|\u306f)\Z")


def may_name(name: str, labels: Collection[str]) -> bool:
    """Whether the name of a field or of an element can name an answer: it holds no label and denies nothing."""
    said = words(name.replace("_", " "))
    whole = " ".join(said)
    if _NEGATIONS.intersection([*said, *name.casefold().split()]) or _HAN_NEGATION.search(name):
        return False
    if _POOR.intersection(said) and said[-1] in _NOUNS | _POOR | {"one"}:
        return False
    if (opposite := _OPPOSITE.search(whole)) and (labels or opposite[1]):
        return False
    return not any(f" {' '.join(words(label))} " in f" {whole} " for label in labels if label)


def is_name(name: str, labels: Collection[str]) -> bool:
    """Whether `name` before a colon names the answer, as "Sentiment" does; a label and "Not" do not."""
    name = _COPULA.sub("", " ".join(name.casefold().strip(" \"'()[]-#>").split()))
    said = _CHOICES.sub("", name).split()
    if not said or len(said) > 5 or _SENTENCE.search(" ".join(said)) or not may_name(" ".join(said), labels):
        return False
    if labels:
        return any(sign.isalpha() for sign in name)
    return bool(_NOUNS.intersection(said)) or any(name.endswith(noun) for noun in _HAN_NOUNS)
