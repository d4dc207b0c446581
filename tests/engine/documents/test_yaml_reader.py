"""The YAML reader: YAML 1.2 scalars, positions, and errors with locations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from promptwire.documents.document import Document
from promptwire.documents.yaml_reader import MAX_BYTES, dump_yaml, load_yaml, read_yaml, read_yaml_text
from promptwire.errors import PipelineError
from tests.strategies import any_text, data, near_yaml


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("1", 1), ("-7", -7), ("007", 7), ("0o17", 15), ("0x1F", 31), ("0b1", "0b1"), ("1_000", "1_000"), ("12:30", "12:30"),
        ("1e-3", 0.001), ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("+2", 2), ("1e", "1e"),
        ("2020-01-01", "2020-01-01"), ("=", "="), ("'1'", "1"), ('"true"', "true"), ("$x", "$x"), ("a: b", {"a": "b"}),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(written: str, value: Any) -> None:
    assert read_yaml_text(f"k: {written}" if ":" not in written or written == "12:30" else f"k: {{{written}}}", "f").data == {
        "k": value
    }


def test_every_key_and_value_has_a_location() -> None:
    document = read_yaml_text("a: 1\nb:\n  - x\n  - {c: $d}\n", "f.yaml")
    assert str(document.location(("b", 1, "c"))) == "f.yaml:4:9"
    assert str(document.location(("b", 1, "c"), key=True)) == "f.yaml:4:6"
    assert document.location(("b", 1, "c")).text == "  - {c: $d}"
    assert str(document.location(("b", 7, "c"))) == "f.yaml:3:3", "a missing value has the location of the enclosing one"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\u2028"])
def test_locations_hold_for_every_newline_and_a_byte_order_mark(newline: str) -> None:
    document = read_yaml_text(f"\ufeffa: 1{newline}bc: 2", "f")
    assert (document.location(("a",), key=True).column, str(document.location(("bc",)))) == (1, "f:2:5")
    assert document.location(("bc",)).text == "bc: 2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2", "f:2:1: the key 'a' is already in line 1"),
        ("1: x", "f:1:1: a key must be a text, not '1' - put it in quotes"),
        ("? [a]\n: x", "f:1:3: a key must be a text, not a list or mapping - put it in quotes"),
        ("<<: {a: 1}", "f:1:1: merge keys are not supported - write the keys out, or use 'extends' and 'override'"),
        ("a: !!python/object:x y", "f:1:4: tags such as tag:yaml.org,2002:python/object:x are not supported - "
         "write plain text, numbers, lists or mappings"),
        ("a: !mine y", "f:1:4: tags such as !mine are not supported - write plain text, numbers, lists or mappings"),
        ("a: !!int x", "f:1:4: x is not a finite number - put it in quotes if it is a text"),
        ("a: .inf", "f:1:4: .inf is not a finite number - put it in quotes if it is a text"),
        ("a: 1e999", "f:1:4: 1e999 is not a finite number - put it in quotes if it is a text"),
        ("a: " + "9" * 5000, "f:1:4: a number of 5,000 characters - make it shorter"),
        ("&a [*a]", "f:1:1: an alias can't be inside the value that it names - write the value out"),
        ("x: *foo", "f:1:4: not YAML: found undefined alias 'foo' - put the text in quotes"),
        ("a: b: c", "f:1:5: a ':' can't stand here - put the text in quotes, or start a new line for the key"),
        ("a:\n\tb: 1", "f:2:1: a tab can't indent YAML - use spaces"),
        ("a\n---\nb", "f:2:1: a second document starts here - one file holds one document: remove the '---' line"),
        ("ab\0", "f:1:3: character U+0000 can't stand in a YAML file - write it as an escape in double quotes, or remove it"),
        ('"\\ud800"', "f:1:1: half of a surrogate pair is not a character - write it whole, as \\U0001F600"),
        ("[" * 100_000, "f:1:65: nested deeper than 64 levels"),
        ("[" + "a," * 3_000 + "]", "f:1:4000: more than 2,000 values"),
    ],
)  # fmt: skip
def test_anything_but_plain_yaml_is_refused_with_its_location(
    text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptwire.documents.yaml_reader.MAX_VALUES", 2_000)
    with pytest.raises(PipelineError) as caught:
        read_yaml_text(text, "f")
    assert str(caught.value).splitlines()[0] == expected


def test_all_duplicate_keys_are_reported_at_once() -> None:
    with pytest.raises(PipelineError) as caught:
        read_yaml_text("a: 1\na: 2\nb: {c: 1, c: 2}", "f")
    assert [problem.location.line for problem in caught.value.problems] == [2, 3]


def test_alias_expansion_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.documents.yaml_reader.MAX_VALUES", 2_000)
    assert read_yaml_text("a: &x [1]\nb: *x", "f").data == {"a": [1], "b": [1]}
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(9))
    with pytest.raises(PipelineError, match="aliases unfold to more than 2,000 values"):
        read_yaml_text(bomb, "f")


def test_an_unreadable_file_is_reported_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xff")
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    for name, words in [
        ("none.yaml", "there is no such file - check the path"),
        ("nowhere/latin.yaml", "there is no such file - check the path"),
        ("latn.yml", "there is no such file - did you mean 'latin.yaml'?"),
        (".", "is a folder - name a .yaml file in it"),
        ("latin.yaml", "byte 0xff in line 2 is not UTF-8 - save the file as UTF-8 text"),
        ("large.yaml", "is larger than 4,000,000 bytes - is it the right file?"),
    ]:
        with pytest.raises(PipelineError) as caught:
            read_yaml(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {words}"
    with pytest.raises(PipelineError, match="can't be read"):
        read_yaml("a\0b.yaml")


def test_a_file_is_read_and_an_empty_one_is_none(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes("\ufeffa: é".encode())
    (tmp_path / "e.yaml").write_bytes(b"")
    assert load_yaml(tmp_path / "f.yaml") == {"a": "é"}
    assert load_yaml(tmp_path / "e.yaml") is None


@given(any_text | near_yaml)
def test_any_text_gives_a_document_or_a_problem_with_location(text: str) -> None:
    try:
        found = read_yaml_text(text, "f")
    except PipelineError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.location.file == "f"
            assert problem.message
            str(problem).encode()
    else:
        assert isinstance(found, Document)
        assert str(found.location()).startswith("f:")


@given(any_text.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_document_or_a_problem(raw: bytes) -> None:
    try:
        read_yaml_text(raw.decode("utf-8", "replace"), "f")
    except PipelineError as error:
        assert error.problems


@given(data)
def test_dumped_data_are_read_back(value: Any) -> None:
    assert read_yaml_text(dump_yaml(value), "f").data == value
