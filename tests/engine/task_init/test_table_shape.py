"""Whether a first row names the columns, and where cells end."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.task_init.table_shape import encoding_of, header_reason, table_shape
from promptwire.tasks.reading.source import Source

BODY = [
    ["It was late.", "bad"],
    ["All went well.", "good"],
    ["So so.", "bad"],
    ["Fine.", "good"],
    ["No.", "bad"],
    ["Yes.", "good"],
]


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (["text", "label"], ""),
        (["Bewertung", "Urteil"], ""),
        (["What do you think?", "Would you come again?"], ""),
        (["It rained all day.", "bad"], "'bad' in the first row is there again below"),
        (["id", "mood"], ""),
    ],
)
def test_the_first_row_is_a_header_unless_the_rows_speak_against_it(first: list[str], reason: str) -> None:
    assert header_reason([first, *BODY]) == reason


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["12", "a b"], ["13", "c d"]], "the first row holds the number '12'"),
        ([["amount", "note"], ["13", "c d"]], ""),
        ([["It was late again today.", "x"], ["All went very well here.", "y"]], "the first row holds a sentence, not names"),
    ],
)
def test_numbers_and_sentences_speak_against_a_header(rows: list[list[str]], reason: str) -> None:
    assert header_reason(rows) == reason


@pytest.mark.parametrize(
    ("name", "content", "delimiter"),
    [
        ("a.csv", "text,label\na,b\nc,d\n", None),
        ("a.csv", "text;label\na, b;c\nd, e;f\n", ";"),
        ("a.csv", "text;price\na;1,5\nb;2,5\n", ";"),
        ("a.csv", "text\tlabel\na, b\tc\nd\te\n", "\t"),
        ("a.csv", "sep=;\ntext;label\na;b\nc;d\n", None),
        ("a.tsv", "text\tlabel\na, b\tc\nd\te\n", None),
        ("a.psv", "text|label\na|b\nc|d\n", "|"),
        ("a.csv", "text\nSo, we went; home\nYes\n", None),
        ("a.csv", 'text,label\n"a\n;b\n;c",d\n"e",f\n', None),
    ],
)
def test_cells_end_where_the_rows_are_equally_long(tmp_path: Path, name: str, content: str, delimiter: str | None) -> None:
    (tmp_path / name).write_text(content)
    assert table_shape(Source(tmp_path / name), tab=name.endswith(".tsv"), header=None).delimiter == delimiter


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("café".encode(), None),
        (b"plain", None),
        ("café".encode("cp1252"), "cp1252"),
        ("\ufeffcafé".encode(), None),
        ("abc".encode("utf-16"), None),
        ("abcdef".encode("utf-16-le"), "utf-16-le"),
        ("привет, как дела".encode("cp1251"), "cp1251"),
        ("café\n".encode() + b"\xff", None),
    ],
)
def test_an_encoding_is_told_only_where_the_file_is_not_utf_8(tmp_path: Path, content: bytes, encoding: str | None) -> None:
    (tmp_path / "a").write_bytes(content)
    assert encoding_of(tmp_path / "a") == encoding
