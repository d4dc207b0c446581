"""Excel workbooks: values as text by one rule, errors with the name of the cell."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import DataError
from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import read_examples
from promptwire.tasks.reading.form import DataForm

openpyxl = pytest.importorskip("openpyxl")


@pytest.fixture
def book(tmp_path: Path) -> Any:
    """Writes the rows of sheets and reads the workbook."""

    def write(
        *sheets: list[list[Any]], formats: dict[str, str] | None = None, columns: dict[str, Any] | None = None, **form: Any
    ) -> Any:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for number, rows in enumerate(sheets, start=1):
            sheet = workbook.create_sheet(f"Sheet {number}")
            for at, row in enumerate(rows, start=1):
                for place, value in enumerate(row, start=1):
                    sheet.cell(at, place, value)
        for cell, number_format in (formats or {}).items():
            workbook.worksheets[0][cell].number_format = number_format
        workbook.save(tmp_path / "a.xlsx")
        return read_examples(tmp_path / "a.xlsx", Columns(**(columns or {})), form=DataForm(**form))

    return write


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("007", None, "007"),
        ("NA", None, "NA"),
        (7, None, "7"),
        (7.0, None, "7"),
        (0.5, None, "0.5"),
        (-3, None, "-3"),
        (7, "000", "007"),
        (1.5, "0.00", "1.50"),
        (0.25, "0%", "25%"),
        (1234.5, "#,##0.00", "1234.5"),
        (True, None, "true"),
        (datetime.date(2026, 1, 2), None, "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 9, 30), None, "2026-01-02 09:30:00"),
        (datetime.time(9, 30), None, "09:30:00"),
    ],
)
def test_a_value_becomes_text(value: Any, number_format: str | None, text: str, book: Any) -> None:
    found = book([["input", "output"], ["a", value]], formats={"B2": number_format} if number_format else {})
    assert found.examples.items[0].outputs == (text,)


def test_empty_rows_and_columns_are_left_out(book: Any) -> None:
    found = book([[], ["input", "output", None], [None, None], ["a", 1], ["", "  "]])
    assert [(one.input, one.output) for one in found.examples.items] == [("a", "1")]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([["input", "output"], ["a", 1], ["b", None]], "a.xlsx:Sheet 1!B3: the column 'output' is empty"),
        ([["id", "input", "output"], [1, None, "x"]], "a.xlsx:Sheet 1!B2: the column 'input' holds nothing"),
        ([["input", "output"], ["a", 1, "more"]], "a.xlsx:Sheet 1!C2: the cell stands in a column without a name"),
        ([[], ["input", "input", "output"], ["a", 1, 2]], "a.xlsx:Sheet 1!2: the header names the column 'input' twice"),
        ([["text", "label"], ["a", 1]], "a.xlsx:Sheet 1!1: there is no column 'input' (it has: 'text', 'label')"),
        ([["input", "output"], ["a", "#N/A"]], "a.xlsx:Sheet 1!B2: the cell holds Excel's error #N/A"),
        ([["input", "output"]], "a.xlsx: the data file holds no examples"),
    ],
)
def test_what_can_not_be_read_is_told_with_its_cell(rows: list[list[Any]], problem: str, book: Any) -> None:
    with pytest.raises(DataError) as caught:
        book(rows)
    assert problem in str(caught.value)


def test_the_first_sheet_is_read_and_told_unless_the_task_names_one(book: Any) -> None:
    sheets = [["input", "output"], ["a", 1]], [["input", "output"], ["b", 2]]
    first = book(*sheets)
    assert (first.examples.items[0].input, "first sheet, 'Sheet 1'" in first.notes[0]) == ("a", True)
    for sheet in ("Sheet 2", 2):
        assert book(*sheets, sheet=sheet).examples.items[0].input == "b"
    with pytest.raises(DataError, match="there is no sheet 'Sheet 3'") as caught:
        book(*sheets, sheet="Sheet 3")
    assert caught.value.hint == "it has: 'Sheet 1', 'Sheet 2'"


def test_columns_are_taken_by_number_without_a_header(book: Any) -> None:
    found = book([["a", 1], ["b", 2]], columns={"input": 0, "output": 1})
    assert [one.output for one in found.examples.items] == ["1", "2"]


def test_what_is_no_workbook_and_a_missing_library_are_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.xlsx").write_text("input,output\na,b\n")
    with pytest.raises(DataError, match="this is no Excel workbook that can be read"):
        read_examples(tmp_path / "a.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match="needs openpyxl") as caught:
        read_examples(tmp_path / "a.xlsx")
    assert caught.value.hint == "pip install 'promptwire[excel]'"
