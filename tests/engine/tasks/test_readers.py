"""Examples from files: every known kind, and one clear error for an invalid file."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from promptwire.errors import DataError
from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import read_examples


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"input": "cat", "output": "cats"}\n\n{"input": "fox", "output": ["foxes", "foxen"]}\n'),
        ("a.json", '[{"input": "cat", "output": "cats"}, {"input": "fox", "output": ["foxes", "foxen"]}]'),
        ("a.jsonl", '\ufeff{"input": "cat", "output": "cats"}\r\n{"input": "fox", "output": ["foxes", "foxen"]}'),
    ],
)
def test_json_rows_become_examples_in_order(tmp_path: Path, name: str, text: str) -> None:
    examples = read_examples(write(tmp_path, name, text)).examples
    assert [(example.input, example.outputs) for example in examples.items] == [("cat", ("cats",)), ("fox", ("foxes", "foxen"))]


def test_tables_keep_quoted_commas_newlines_and_other_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", 'input,output,source\n"a, b\nc",d,book\n')
    (example,) = read_examples(path).examples.items
    assert (example.input, example.output, example.meta) == ("a, b\nc", "d", {"source": "book"})


def test_columns_become_named_fields_and_numbers_become_text(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", '{"q": "how many?", "context": "two cats", "a": 2}')
    (example,) = read_examples(path, Columns(input=("q", "context"), output="a")).examples.items
    assert (example.input, example.outputs) == ({"q": "how many?", "context": "two cats"}, ("2",))
    assert example.text == "q: how many?\ncontext: two cats"


def test_repeated_rows_are_dropped_and_counted(tmp_path: Path) -> None:
    row = '{"input": "cat", "output": "cats"}\n'
    loaded = read_examples(write(tmp_path, "a.jsonl", row * 3 + '{"input": "cat", "output": "kitties"}'))
    assert (len(loaded.examples), loaded.duplicates) == (2, 2)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", "", "a.jsonl: the data file holds no examples"),
        ("a.jsonl", '{"input": "a", "output": "b"}\n{broken', "a.jsonl:2: not JSON"),
        ("a.jsonl", "[1]", "a.jsonl:1: a row is a JSON object"),
        ("a.jsonl", '{"question": "a", "output": "b"}', "a.jsonl:1: there is no column 'input' (it has: 'question', 'output')"),
        ("a.jsonl", '{"input": "a", "output": ""}', "a.jsonl:1: the column 'output' is empty"),
        ("a.jsonl", '{"input": "a", "output": []}', "a.jsonl:1: the column 'output' is empty"),
        ("a.jsonl", '{"input": null, "output": "b"}', "a.jsonl:1: the column 'input' holds nothing, not text"),
        ("a.jsonl", '{"input": {"b": {"c": 1}}, "output": "b"}', "a.jsonl:1: the column 'input' holds a mapping, not text"),
        ("a.json", '{"input": "a"}', "a.json: a JSON data file holds a list"),
        ("a.csv", "input,output\na,b,c\n", "a.csv:2: the row does not have the header's 2 columns"),
        ("a.csv", "input,output\na\n", "a.csv:2: the row does not have the header's 2 columns"),
        ("a.csv", "input,input,output\na,b,c\n", "a.csv:1: the header names the column 'input' twice"),
        ("a.tsv", "input\toutput\toutput\na\tb\tc\n", "a.tsv:1: the header names the column 'output' twice"),
        ("a.docx", "x", "a.docx: unknown kind of data file '.docx'"),
        ("a.jsonl", "[" * 100_000, "a.jsonl:1: not JSON"),
    ],
)
def test_invalid_row_is_an_error_with_its_location(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_examples(write(tmp_path, name, text))
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_missing_files_folders_and_other_encodings_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such data file"):
        read_examples(tmp_path / "none.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(DataError, match="can't be read"):
        read_examples(tmp_path / "folder.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"input": "é", "output": "b"}'.encode("latin-1"))
    with pytest.raises(DataError, match="not UTF-8"):
        read_examples(tmp_path / "latin.jsonl")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.jsonl", '{"input": "a", "output": "b"}\n' * 40, "larger than 0 MB"),
        ("a.csv", "input,output\n" + "a,b\n" * 200, "larger than 0 MB"),
        ("a.json", "[" + '{"input": "a", "output": "b"},' * 40 + "]", "larger than 0 MB"),
        ("a.jsonl", json.dumps({"input": "a" * 200, "output": "b"}), "a line of more than 150 bytes"),
        ("a.csv", "input,output\n" + "a" * 200 + ",b\n", "a line of more than 150 bytes"),
        ("a.jsonl", "{}\n" * 12, "column 'input'"),
        ("a.jsonl", '{"input": "a", "output": "b"}\n' * 12, "more than 10 rows"),
        ("a.csv", "input,output\n" + "a,b\n" * 12, "more than 10 rows"),
        ("a.jsonl", json.dumps({"input": "a", "output": "b", "x": [[]] * 25}), "more than 20 values"),
    ],
)
def test_a_data_file_has_limits_and_is_read_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, problem: str
) -> None:
    limits = {
        "MAX_BYTES": 500,
        "MAX_JSON": 400,
        "MAX_LINE": 150,
        "MAX_ROWS": 10 if "rows" in problem else 999,
        "MAX_VALUES": 20 if "[[" in text else 999,
    }
    for limit, most in limits.items():
        monkeypatch.setattr(f"promptwire.tasks.reading.limits.{limit}", most)
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=problem):
        read_examples(tmp_path / name)


def test_sparse_gigabyte_is_refused_without_being_read(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.json", "a.csv"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2**30)
        tracemalloc.start()
        try:
            with pytest.raises(DataError, match=r"more than|larger than"):
                read_examples(tmp_path / name)
            assert tracemalloc.get_traced_memory()[1] < 200_000_000
        finally:
            tracemalloc.stop()


def test_line_ends_of_all_kinds_are_read(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        (tmp_path / "a.csv").write_bytes(f'\ufeffinput,output{end}"a{end}b",c{end}d,e{end}'.encode())
        found = read_examples(tmp_path / "a.csv").examples
        assert [(one.input, one.output) for one in found.items] == [("a\nb", "c"), ("d", "e")]
