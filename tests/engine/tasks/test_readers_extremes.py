"""Extreme values in data files give one clear error with its line, before the first call."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import DataError
from promptwire.tasks.readers import read_examples
from promptwire.tasks.task import load_task

GOOD = '{"input": "a", "output": "b"}'


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('{"input": "c", "output": "d", "x": ' + "[" * 900 + "]" * 900 + "}", "nested deeper than 100 levels"),
        ('{"input": "c", "output": "d", "x": ' + '{"a":' * 900 + "1" + "}" * 901, "nested deeper than 100 levels"),
        ('{"input": "c", "output": "d", "x": ' + "1" * 5000 + "}", "too many digits"),
        ('{"input": "c", "output": "d", "x": NaN}', "no JSON number: NaN"),
        ('{"input": "c", "output": "d", "x": [1e999]}', "'x' holds a number that is too large"),
        ('{"input": "c", "output": 1e999}', "'output' holds a number that is too large"),
        ("[" * 100_000, "nested deeper"),
    ],
)
def test_extreme_row_is_an_error_with_its_line(row: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text(f"{GOOD}\n{row}\n")
    with pytest.raises(DataError, match=problem) as caught:
        read_examples(tmp_path / "data.jsonl")
    assert caught.value.where.endswith("data.jsonl:2")


@pytest.mark.parametrize("name", ["x" * 5000 + ".jsonl", "a/" * 1000 + "x.jsonl"])
def test_too_long_data_file_name_is_one_short_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(f"promptwire: 1\nprompt: p\ndata: {{train: {name}}}\n")
    with pytest.raises(DataError, match="there is no data file") as caught:
        load_task(str(tmp_path / "t.yaml"))
    assert len(str(caught.value)) < 700
