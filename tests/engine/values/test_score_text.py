"""The JSON text of scores is that of their values, however it is made."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptwire.graph.port_values import outputs_text, to_json
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores
from promptwire.values.score_text import scores_text
from promptwire.values.scores import NO_VALUE, Answer

TEXT = st.text() | st.sampled_from(["\ud800", '"\\\n', "\x7f\u2028"])
NUMBER = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([-0.0, 1e-9, 1e22])
ANSWERS = st.lists(st.builds(Answer, TEXT, TEXT, NUMBER | st.just(NO_VALUE)), max_size=2).map(tuple)
ROWS = st.builds(
    Row,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    NUMBER | st.just(NO_VALUE),
    st.booleans(),
    likelihood=st.none() | NUMBER,
    feedback=TEXT,
    truth=TEXT,
    repeats=ANSWERS,
)
TABLE = Scores(
    metric="exact", prompts=Prompts.of([Prompt(text="a")]), examples=Examples.of([Example(input="x")]), missing=(("a", "b"),)
)


def plainly(value: Any) -> str:
    return json.dumps(to_json(value), separators=(",", ":"))


@given(st.lists(ROWS, max_size=4))
def test_the_text_of_scores_is_that_of_their_values(rows: list[Row]) -> None:
    scores = TABLE.model_copy(update={"rows": tuple(rows)})
    assert scores_text(scores) == plainly(scores)


def test_the_text_of_outputs_is_that_of_their_values() -> None:
    outputs = {"scores": TABLE, "pairs": [["e", 1.0, 0.0]], "best": TABLE.prompts, "none": None, "\u00e9": "\u00e9"}
    assert outputs_text(outputs) == json.dumps({name: to_json(one) for name, one in outputs.items()}, separators=(",", ":"))


def test_a_row_of_another_type_is_written_as_its_value() -> None:
    odd = Row("p", "e", "x", "x", 1)
    scores = TABLE.model_copy(update={"rows": (odd,)})
    assert scores_text(scores) == plainly(scores)
