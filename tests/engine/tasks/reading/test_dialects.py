"""Delimiters and quotes are found by a fixed rule, and a note says what was taken."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.errors import DataError

BY_NUMBER = {"input": 0, "output": 1}


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("a.csv", "input,output\na,b\n", ()),
        ("a.csv", "input;output\na;b\n", ("cells end at ';'",)),
        ("a.csv", "input\toutput\na\tb\n", ("cells end at a tab",)),
        ("a.csv", "input|output\na|b\n", ("cells end at '|'",)),
        ("a.psv", "input|output\na|b\n", ("cells end at '|'",)),
        ("a.csv", "sep=;\r\ninput;output\r\na;b\r\n", ("cells end at ';'",)),
        ("a.csv", '"sep=|"\ninput|output\na|b\n', ("cells end at '|'",)),
        ("a.tsv", "input\toutput\na\tb\n", ()),
        ("a.tab", "input\toutput\na\tb\n", ()),
        ("a.tsv", "input,output\na,b\n", ("cells end at ','",)),
        ("a.txt", "input;output\na;b\n", ("cells end at ';'",)),
        ("a.csv", '"input";"output"\n"a";"b"\n', ("cells end at ';'",)),
    ],
)
def test_the_delimiter_is_the_one_for_which_the_header_fits(name: str, text: str, note: tuple[str, ...], read: Any) -> None:
    found = read(name, text)
    assert [(one.input, one.output) for one in found.examples.items] == [("a", "b")]
    assert found.notes == note


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.csv", "a,b\nc,d\n", [("a", "b"), ("c", "d")]),
        ("a.csv", "Fine, thanks;1\nWell, no;0\n", [("Fine, thanks", "1"), ("Well, no", "0")]),
        ("a.txt", "Fine, thanks\t1\nWell; no\t0\n", [("Fine, thanks", "1"), ("Well; no", "0")]),
        ("a.csv", "a; b,1\nc,2\n", [("a; b", "1"), ("c", "2")]),
        ("a.csv", '"a\tb",1\n"c\td",2\n', [("a\tb", "1"), ("c\td", "2")]),
    ],
)
def test_without_a_header_the_delimiter_cuts_all_rows_alike(name: str, text: str, found: Any, pairs: Any) -> None:
    assert pairs(name, text, BY_NUMBER) == found


def test_decimal_commas_do_not_hide_a_short_row_of_a_table_without_a_header(read: Any, pairs: Any) -> None:
    text = "It costs 1,5;yes\n2,5\n3,5;no\n"
    with pytest.raises(DataError, match="may end at ',', or at ';', which 2 of the first 3 rows have") as caught:
        read("a.csv", text, BY_NUMBER)
    assert caught.value.hint == 'write `delimiter: ","` or `delimiter: ";"` under `data`'
    assert pairs("a.csv", text.replace("2,5\n", "2,5;no\n"), BY_NUMBER)[1] == ("2,5", "no")
    assert pairs("a.csv", "a; b,1\nc; d,2\ne,3\n", BY_NUMBER, delimiter=",") == [("a; b", "1"), ("c; d", "2"), ("e", "3")]
    with pytest.raises(DataError, match=r"a\.csv:2: the row does not have the first row's 2 columns, but 1"):
        read("a.csv", text.replace("1,5", "1"), BY_NUMBER)


def test_a_single_column_without_a_header_needs_no_delimiter(read: Any) -> None:
    found = read("a.csv", "one\ntwo\n", {"input": 0}, outputs=False)
    assert ([one.input for one in found.examples.items], len(found.notes)) == (["one", "two"], 1)


def test_the_task_file_decides_before_the_file(pairs: Any) -> None:
    assert pairs("a.csv", "input,output;output\na;b\n", {"input": "input,output"}, delimiter=";") == [("a", "b")]
    assert pairs("a.csv", 'input,output\n"a,"b"\n', quotes=False) == [('"a', '"b"')]


def test_quotes_of_a_tab_separated_file_that_enclose_nothing_are_characters(read: Any) -> None:
    found = read("a.tsv", 'input\toutput\n"Fine day\t1\nSo "so"\t0\n"quoted"\t2\n')
    assert [one.input for one in found.examples.items] == ['"Fine day', 'So "so"', '"quoted"']
    assert found.notes == ("quotes are read as ordinary characters, since they don't enclose cells",)
    assert [one.input for one in read("a.tsv", 'input\toutput\n"quoted"\t2\n').examples.items] == ["quoted"]


def test_a_quoted_cell_that_swallows_rows_of_a_tab_separated_file_is_noted(read: Any) -> None:
    found = read("a.tsv", 'input\toutput\n"Fine\t1\nday"\t0\n')
    assert "if quotes are ordinary characters there, write `quotes: false`" in found.notes[0]
