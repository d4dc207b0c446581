"""The JSON text of scores, made row by row.

A table may have a million rows. As JSON values it would take ten times the memory of its rows. The text is the same as that of
the values.
"""

from __future__ import annotations

import json
import math
from functools import cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final

from pydantic import TypeAdapter

from promptwire.values.scores import Row, Scores

__all__ = ["scores_text"]

_JSON: Final = json.JSONEncoder(separators=(",", ":"))


def scores_text(scores: Scores) -> str:
    """The compact JSON text of `scores`, in ASCII.

    >>> scores_text(Scores(metric="exact")).startswith('{"metric":"exact","perfect":1.0,')
    True
    """
    parts = []
    for name, value in scores.model_dump(mode="json", exclude={"rows"}).items():
        if name == "missing":  # the rows stand before it
            parts.append(f'"rows":[{",".join(map(_row_text, scores.rows))}]')
        parts.append(f"{quoted(name)}:{_JSON.encode(value)}")
    return f"{{{','.join(parts)}}}"


def _row_text(row: Row) -> str:
    try:
        plain = type(row) is Row and not row.repeats and _plain(row.value) and type(row.readable) is bool
        if plain and (row.likelihood is None or _plain(row.likelihood)):
            likelihood = "null" if row.likelihood is None else repr(row.likelihood)
            return (
                f'{{"prompt":{quoted(row.prompt)},"example":{quoted(row.example)},"output":{quoted(row.output)}'
                f',"answer":{quoted(row.answer)},"value":{row.value!r},"readable":{"true" if row.readable else "false"}'
                f',"likelihood":{likelihood},"feedback":{quoted(row.feedback)},"truth":{quoted(row.truth)},"repeats":[]}}'
            )
    except TypeError:  # a plug-in's node put another type into a field
        pass
    return _JSON.encode(_adapter().dump_python(row, mode="json"))


def _plain(number: Any) -> bool:
    return type(number) is float and math.isfinite(number)


@cache
def _adapter() -> TypeAdapter[Row]:
    return TypeAdapter(Row)
