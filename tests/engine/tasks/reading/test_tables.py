"""Tables of text: every cell as it stands in the file, and one error with line and column for what is no table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptwire.errors import DataError
from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import read_examples
from promptwire.tasks.reading.form import DataForm

BY_NUMBER = {"input": 0, "output": 1}


@pytest.mark.parametrize(
    "label", ["007", "1", "1.50", "NA", "null", "true", "None", "1,5", "1e5", " x ", "nan", "#N/A", "=1+1"]
)
def test_a_cell_is_kept_exactly_as_it_stands(label: str, pairs: Any) -> None:
    assert pairs("a.csv", f'input,output\na,"{label}"\n') == [("a", label)]


@pytest.mark.parametrize("character", ["\x0c", "\u2028", "\u2029", "\x85", "\x1c", "\x0b", "\xa0", "\ufeff"])
def test_no_character_but_a_line_end_ends_a_row(character: str, pairs: Any) -> None:
    assert pairs("a.csv", f"input,output\na{character}b,c{character}d\n") == [(f"a{character}b", f"c{character}d")]


def test_mixed_line_ends_and_quoted_ones_are_read(pairs: Any) -> None:
    assert pairs("a.csv", 'input,output\r\n"a\r\nb",c\nd,e\rf,g') == [("a\nb", "c"), ("d", "e"), ("f", "g")]


def test_a_cell_may_be_longer_than_the_csv_modules_limit(pairs: Any) -> None:
    ((text, output),) = pairs("a.csv", 'input,output\n"' + "word\n" * 40_000 + '",c\n')
    assert (len(text), output) == (200_000, "c")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('input,output\n5" pipe,a\nsay "yes",b\n', [('5" pipe', "a"), ('say "yes"', "b")]),
        ('input,output\n"say ""yes""",b\n', [('say "yes"', "b")]),
        ('input, output\na, "b, c"\n', [("a", "b, c")]),
        (" input ,output\na,b\n", [("a", "b")]),
        ("input,output\na,b,\nc,d,,\n", [("a", "b"), ("c", "d")]),
        ("input,output,\na,b,\n", [("a", "b")]),
        ("input,output\na,b\n,\n  ,\n\n,,,\n", [("a", "b")]),
        ("\n\ninput,output\n\na,b\n", [("a", "b")]),
    ],
    ids=[
        "lone quotes",
        "doubled",
        "blank after commas",
        "blank in header",
        "more commas",
        "column without a name",
        "tail",
        "gaps",
    ],
)
def test_what_spreadsheets_write_is_read(text: str, found: list[tuple[str, str]], pairs: Any) -> None:
    assert pairs("a.csv", text) == found


@pytest.mark.parametrize(
    ("text", "form", "problem"),
    [
        ("input,output\na,1,234\n", {}, "a.csv:2: the row does not have the header's 2 columns, but 3"),
        ('input,output\n"a\nb",c\nd\n', {}, "a.csv:4: the row does not have the header's 2 columns, but 1"),
        ('input,output\na,b\n"c,d\ne,f\n', {}, "a.csv:3: not CSV: a quote that opens in this row is never closed"),
        ('input,output\n"a"b,c\n', {}, "a.csv:2: not CSV: ',' expected after '\"'"),
        ("\ninput,output,input\na,b,c\n", {}, "a.csv:2: the header names the column 'input' twice"),
        ("text,label\na,b\n", {}, "a.csv:1: there is no column 'input' (it has: 'text', 'label')"),
        ("Input,Output\na,b\n", {}, "the column 'Input' differs in case"),
        ('input,output\n"a\nb",c\nd,\n', {}, "a.csv:4: the column 'output' is empty"),
        ("# made by hand\ninput,output\na,b\n", {}, 'write `comment: "#"` under `data`'),
        ("input,output\n# x\na,b\nc,\n", {"comment": "#"}, "a.csv:4: the column 'output' is empty"),
        ("input,output\n", {}, "a.csv: the data file holds no examples"),
        ("", {}, "a.csv: the data file holds no examples"),
        ("sep=;\ninput;output\na\n", {}, "a.csv:3: the row does not have the header's 2 columns"),
        ("a,b\nc\n", {"columns": BY_NUMBER}, "a.csv:2: the row does not have the first row's 2 columns, but 1"),
        ("a,b\n", {"columns": {"input": 0, "output": 7}}, "a.csv:1: there is no column 7: the first row has 2 columns"),
        ("a b\n", {"columns": BY_NUMBER}, "if cells end at another character, write `delimiter:` under `data`"),
        ("a,b\n", {"header": False}, "a.csv:1: without a header, columns are given by number"),
        ("a,b\n", {"columns": {"input": 0}}, "a.csv:1: without a header, columns are given by number"),
    ],
)
def test_what_can_not_be_read_is_told_with_its_line(text: str, form: dict[str, Any], problem: str, read: Any) -> None:
    with pytest.raises(DataError) as caught:
        read("a.csv", text, **form)
    assert problem in str(caught.value)


@pytest.mark.parametrize("title", ["My survey", "My survey,", "Made on,2026"])
def test_a_title_above_the_header_is_told_with_the_line_of_the_header(title: str, read: Any) -> None:
    with pytest.raises(DataError, match=r"csv:1: the first row is a title.*\n.*names at .*csv:3 come first"):
        read("a.csv", f"{title}\n\ninput,output,note\na,b,c\n")


def test_a_first_row_as_full_as_those_below_is_no_title(read: Any) -> None:
    with pytest.raises(DataError, match="there is no column 'input'"):
        read("a.csv", "text,label\ninput,output\n")


def test_comments_are_left_out_but_not_inside_of_quotes(pairs: Any) -> None:
    text = '# a "quote\ninput,output\n# b\n"c\n# d",e\n#f,g\n'
    assert pairs("a.csv", text, comment="#") == [("c\n# d", "e")]


@pytest.mark.parametrize(
    ("columns", "form", "found"),
    [
        (BY_NUMBER, {}, [("text", "label"), ("a", "1"), ("b", "01")]),
        ({"input": 1}, {"outputs": False}, [("label", ""), ("1", ""), ("01", "")]),
        ({"input": 1, "output": 0}, {"header": True}, [("1", "a"), ("01", "b")]),
        ({"input": [0, 1], "output": 1}, {"header": True}, [({"0": "a", "1": "1"}, "1"), ({"0": "b", "1": "01"}, "01")]),
    ],
)
def test_columns_are_taken_by_number(columns: dict[str, Any], form: dict[str, Any], found: Any, pairs: Any) -> None:
    assert pairs("a.csv", "text,label\na,1\nb,01\n", columns, **form) == found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(*[st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=8)] * 2), min_size=1
    ),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_with_quotes_is_read_back(
    rows: list[tuple[str, str]], delimiter: str, end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""').replace("\n", end) + '"'

    lines = [f"input{delimiter}output", *(delimiter.join(map(cell, row)) for row in rows)]
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes("".join(line + end for line in lines).encode())
    wanted = dict.fromkeys((one, two if two.strip() else "") for one, two in rows if (one + two).strip())
    if wanted:
        found = read_examples(path, Columns(), outputs=False, form=DataForm()).examples.items
        assert [(one.input, one.output) for one in found] == list(wanted)
