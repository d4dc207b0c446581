"""Parquet and Arrow files: values as text by one rule, errors with the row."""

from __future__ import annotations

import datetime
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import DataError
from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import read_examples

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
feather = pytest.importorskip("pyarrow.feather")


def write(folder: Path, name: str, table: Any) -> Path:
    """Write `table` in the format of the name."""
    path = folder / name
    if name.endswith(".parquet"):
        parquet.write_table(table, path)
    elif name.endswith(".feather"):
        feather.write_feather(table, path)
    else:
        with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.arrow"])
def test_rows_of_more_than_one_batch_are_read_in_order(name: str, tmp_path: Path) -> None:
    table = pyarrow.table({"input": [f"text {number}" for number in range(2500)], "output": list(range(2500))})
    found = read_examples(write(tmp_path, name, table)).examples.items
    assert [(one.input, one.output) for one in found] == [(f"text {number}", str(number)) for number in range(2500)]


@pytest.mark.parametrize(
    ("value", "outputs"),
    [
        ("007", ("007",)),
        ("null", ("null",)),
        (1, ("1",)),
        (1.0, ("1.0",)),
        (False, ("false",)),
        (datetime.date(2026, 1, 2), ("2026-01-02",)),
        (datetime.datetime(2026, 1, 2, 9, 30), ("2026-01-02 09:30:00",)),
        (Decimal("1.50"), ("1.50",)),
        (b"text", ("text",)),
        (["x", "y"], ("x", "y")),
        ({"k": 1}, ('{"k": 1}',)),
    ],
)
def test_a_value_becomes_text(value: Any, outputs: tuple[str, ...], tmp_path: Path) -> None:
    table = pyarrow.table({"input": ["a"], "output": [value]})
    assert read_examples(write(tmp_path, "a.parquet", table)).examples.items[0].outputs == outputs


def test_missing_values_are_no_outputs_and_bytes_are_left_out(tmp_path: Path) -> None:
    columns = {"input": ["a", "b"], "output": [float("nan"), None], "picture": [b"\xff", b"\xfe"]}
    path = write(tmp_path, "a.parquet", pyarrow.table(columns))
    found = read_examples(path, outputs=False)
    assert [(one.outputs, one.meta) for one in found.examples.items] == [((), {}), ((), {})]
    assert found.notes == ("columns of bytes are left out: picture",)
    with pytest.raises(DataError, match=r"a.parquet, row 1: the column 'output' is empty"):
        read_examples(path)
    with pytest.raises(DataError, match=r"a.parquet, row 1: the column 'picture' holds bytes that are no UTF-8"):
        read_examples(path, Columns(output="picture"))


def test_columns_are_taken_by_number(tmp_path: Path) -> None:
    path = write(tmp_path, "a.parquet", pyarrow.table({"x": ["a"], "y": [1]}))
    assert read_examples(path, Columns(input=0, output=1)).examples.items[0].output == "1"


def test_what_is_no_such_file_and_a_missing_library_are_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.parquet", "a.arrow"):
        (tmp_path / name).write_text("input,output\na,b\n")
        with pytest.raises(DataError, match="the file can't be read"):
            read_examples(tmp_path / name)
        with pytest.raises(DataError, match="there is no such data file"):
            read_examples(tmp_path / f"missing-{name}")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match="needs pyarrow") as caught:
        read_examples(tmp_path / "a.parquet")
    assert caught.value.hint == "pip install 'promptwire[parquet]'"
