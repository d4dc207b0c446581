"""Data files for lm-eval; Arrow, which it reads them with, is the judge."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pyarrow.json as arrow

from promptwire.exporting.lm_eval_data import LmEvalData, lm_eval_data, read_rows
from promptwire.values import Example
from tests.sample_exports import NASTY

DATES = ("2026-01-01", "2025-12-31 10:00:00")


def read(data: LmEvalData) -> list[dict[str, Any]]:
    """The rows as Arrow reads them for `datasets`."""
    rows: list[dict[str, Any]] = arrow.read_json(BytesIO(data.text().encode())).to_pylist()
    return rows


def test_nasty_texts_are_read_as_they_are() -> None:
    examples = [Example(input=text, outputs=(text,)) for text in NASTY]
    data = lm_eval_data(examples, ("input",), [list(one.outputs) for one in examples])
    assert [row["input"] for row in read(data)] == [row["target"] for row in read(data)] == list(NASTY)
    assert list(read_rows(data.text()).values()) == read(data)


def test_dates_get_a_mark_that_the_templates_cut_off() -> None:
    examples = [Example(input=text, outputs=(text,)) for text in DATES]
    data = lm_eval_data(examples, ("input",), [list(one.outputs) for one in examples])
    assert [row["input"] for row in read(data)] == ["=" + text for text in DATES]
    assert (data.names, data.target) == ({"input": "input[1:]"}, "{{ target[1:] }}")
    bare = "".join(json.dumps({"input": text}) + "\n" for text in DATES)
    assert str(arrow.read_json(BytesIO(bare.encode())).schema.field("input").type) == "timestamp[s]"


def test_dates_beside_other_texts_stay_as_they_are() -> None:
    examples = [Example(input=text, outputs=("a",)) for text in (*DATES, "tomorrow")]
    data = lm_eval_data(examples, ("input",), [["a"]] * 3)
    assert (data.names, data.target, data.rows[0]["input"]) == ({"input": "input"}, "target", DATES[0])


def test_several_accepted_outputs_are_a_list_in_each_row() -> None:
    examples = [Example(input="a", outputs=("x", "y")), Example(input="b", outputs=("z",))]
    data = lm_eval_data(examples, ("input",), [list(one.outputs) for one in examples])
    assert [row["target"] for row in data.rows] == [["x", "y"], ["z"]]


def test_fields_get_names_that_templates_know() -> None:
    data = lm_eval_data([Example(input={"id": "a", "two words": "b"}, outputs=("c",))], ("id", "two words"), [["c"]])
    assert data.rows[0]["field_1"] == "a" and data.rows[0]["field_2"] == "b"
