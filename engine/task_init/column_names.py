"""Names that columns of inputs and outputs usually have, in data sets and spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["GROUPS", "NOUNS", "is_aside", "is_option", "is_split", "output_rank", "plain_name", "together", "usual_inputs"]

_OUTPUTS: Final[tuple[tuple[str, ...], ...]] = tuple(
    tuple(names.split("|"))
    for names in (
        "output|outputs",
        "label text|label name|text label|gold label|true label|correct answer|correct answers|expected output|expected answer"
        "|ideal|expected|ground truth|groundtruth|gold",
        "label|labels|target|targets|answer|answers|completion|correct|class|classes|reference|references|y|solution|"
        "response|target text|ausgabe|antwort|antworten|kategorie|respuesta|réponse|risposta|resposta|ответ|метка"
        "|输出|答案|标签|回答|類別|类别|正解|ラベル|출력|답변|정답",
        "category|sentiment|intent|emotion|topic|tag|reply|result|summary|highlights|translation|rating|stars|score|grade"
        "|verdict|decision|team|queue|department|priority|department|severity|stance|entailment|headline|code|sql",
    )
)
"""Names of columns of outputs. Those of an earlier row go before those of a later one."""
_INPUTS: Final[tuple[frozenset[str], ...]] = tuple(
    frozenset(names.split("|"))
    for names in (
        "input|inputs",
        "text|texts|sentence|sentences|question|questions|query|prompt|message|messages|review|document|article|tweet|utterance"
        "|review text|email|ticket|post|eingabe|frage|fragen|pregunta|texto|texte|domanda|testo|pergunta|вопрос|текст|输入|问题"
        "|文本|質問|入力|질문|입력",
        "body|content|comment|instruction|problem|request|source|src|passage|premise|description|title|subject|context|paragraph"
        "|dialogue|conversation|transcript|abstract|statement|claim|headline|news|goal|user|satz|句子|文章|文",
    )
)
"""Names of columns of inputs. Those of an earlier row go before those of a later one."""
_BODIES: Final = (
    "text",
    "body",
    "content",
    "description",
    "abstract",
    "review",
    "message",
    "article",
    "comment",
    "review text",
)
_SETS: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (("premise", "context", "sentence1", "sentence 1"), ("hypothesis", "claim", "sentence2", "sentence 2")),
    (("text a", "text1", "text 1", "question1", "question 1"), ("text b", "text2", "text 2", "question2", "question 2")),
    (("context", "passage", "text", "sentence", "paragraph", "article", "document", "story", "background", "table", "schema"),
     ("question", "query", "claim", "statement")),
    (("instruction",), ("input", "context")),
    (("title", "subject", "headline", "summary"), _BODIES),
)  # fmt: skip
"""Columns that make one input together: one name of each side."""
_OPTION: Final = re.compile(
    r"(?:(?:option|choice|opt|answer) )?[a-h1-8]|options?|choices|endings|(?:option|choice|ending|sol)\d"
)
_ASIDE: Final = re.compile(
    r"|#|.*\bids?|idx|index|uid|uuid|guid|hash|key|nr|no|num|row|line|unnamed.*|.*\bdate|.*\btime|datetime|timestamp|year|month|day"
    r"|created( at)?|updated( at)?|url|link|uri|author|user ?name|annotator|annotators|worker|lang|language|locale|version|meta"
    r"|metadata|rationale|rationales|explanation|reasoning|notes?|remarks?|confidence|.*\blength|count|license|file|filename"
)
_SPLIT: Final = frozenset(("split", "set", "subset", "fold", "partition", "usage", "data split"))
_GROUP_NAMES: Final = (
    "group|group id|document id|doc id|document|conversation id|dialogue id|dialog id|thread id|session id|session|user id"
    "|customer id|author id|patient id|passage id|article id|paper id|case id|source id|context id|speaker"
)
GROUPS: Final = frozenset(_GROUP_NAMES.split("|"))
"""Names of columns that say which rows belong together."""
_NOUN_LIST: Final = (
    "text|sentence|question|query|message|review|document|article|tweet|post|comment|utterance|problem|request|email|ticket"
    "|passage|description|title|paragraph|dialogue|conversation|transcript|abstract|statement|claim|headline|summary"
    "|translation|category|sentiment|intent|emotion|topic|tag|reply|rating|grade|score|verdict|decision|team|queue|department"
    "|priority|severity|stance|answer|code"
)
NOUNS: Final = frozenset(_NOUN_LIST.split("|"))
"""Names that can stand in a prompt as they are."""


def plain_name(name: str) -> str:
    """`name` in small letters, with blanks between its words.

    >>> plain_name("Review_Text"), plain_name("goldLabel"), plain_name("doc-id")
    ('review text', 'gold label', 'doc id')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[\s_.:/-]+", " ", parted).strip("?*: ").casefold().split())


def output_rank(name: str) -> int | None:
    """How usual `name` is for a column of outputs, from 0; None for another name."""
    plain = plain_name(name)
    return next((rank for rank, names in enumerate(_OUTPUTS) if plain in names), None)


def together(names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that make one input together, in their order; empty when there are none.

    >>> together(["title", "text", "stars"]), together(["id", "review"])
    (('title', 'text'), ())
    """
    plain = {plain_name(name): name for name in names}
    for first, second in _SETS:
        pair = [next((plain[name] for name in side if name in plain), None) for side in (first, second)]
        if None not in pair:
            return tuple(name for name in names if name in pair)
    return ()


def usual_inputs(names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that are the most usual for a column of inputs; several when they are equally usual.

    >>> usual_inputs(["body", "text", "note"]), usual_inputs(["a1"])
    (('text',), ())
    """
    found = (tuple(name for name in names if plain_name(name) in row) for row in _INPUTS)
    return next((some for some in found if some), ())


def is_option(name: str) -> bool:
    """Whether `name` is that of a column with an option of a question, or with all of them."""
    return _OPTION.fullmatch(plain_name(name)) is not None


def is_aside(name: str) -> bool:
    """Whether `name` is that of a column which is neither input nor output, such as a number or a date."""
    return _ASIDE.fullmatch(plain_name(name)) is not None


def is_split(name: str) -> bool:
    """Whether `name` is that of a column which names the split."""
    return plain_name(name) in _SPLIT
