"""Rows as records and CSV: nothing in a cell is a formula to a spreadsheet program."""

from __future__ import annotations

import csv
import io
import json

import pytest

from promptwire.results.heldout_rows import PairedRow, Side
from promptwire.results.row_export import COLUMNS, csv_text, record, safe_cell
from promptwire.values import Example

EVIL = ['=HYPERLINK("http://x.example")', "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


@pytest.mark.parametrize("text", EVIL)
def test_a_cell_that_could_be_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["a=1", "'=1", " x", "1", "", '"=1'])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


def test_no_cell_of_a_file_can_be_a_formula_whatever_the_model_wrote() -> None:
    rows = [
        PairedRow(
            text, Example(input={text: text}, outputs=(text, "b")), Side(-1.0, text, text, False, text), Side(1.0, text, text)
        )
        for text in EVIL
    ]
    text = csv_text(rows)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == list(COLUMNS) and len(read) == len(EVIL) + 1
    assert not [cell for line in read for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert all(part.startswith('"') for part in text.splitlines()[:1])


def test_a_separator_in_a_text_does_not_split_its_cell() -> None:
    row = PairedRow("e", Example(input='a;=1,"b"\nc', outputs=("x",)), Side(0.0, "o", "a"), Side(1.0, "p", "b"))
    head, cells = csv.reader(io.StringIO(csv_text([row]), newline=""))
    assert dict(zip(head, cells, strict=True))["input"] == 'a;=1,"b"\nc'


def test_all_answers_to_an_example_are_kept_beside_their_mean() -> None:
    answers = (Side(0.0, "It is +no", "+no"), Side(1.0, "It is yes", "yes"))
    row = PairedRow("e", None, Side(0.0, "o", "a"), Side(0.5, "It is +no", "+no", repeats=answers))
    found = record(row)
    assert [(one["value"], one["answer"], one["output"]) for one in found["best_repeats"]] == [
        (0.0, "+no", "It is +no"),
        (1.0, "yes", "It is yes"),
    ]
    assert found["initial_repeats"] == [] and found["best_value"] == 0.5
    head, cells = csv.reader(io.StringIO(csv_text([row]), newline=""))
    read = dict(zip(head, cells, strict=True))
    assert json.loads(read["best_repeats"]) == found["best_repeats"] and read["initial_repeats"] == ""


def test_what_an_earlier_version_did_not_keep_is_null() -> None:
    found = record(PairedRow("e", None, Side(0.0), Side(1.0)))
    assert tuple(found) == COLUMNS and found["change"] == "fixed"
    assert {found[name] for name in ("input", "expected", "best_output", "best_answer", "best_readable")} == {None}
