"""Encodings of data files: read by their marks or by what the task says, else one error that names the likely one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import DataError

TABLE = "input,output\nx,y\ncafé au lait,ça va\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TABLE.encode(), None),
        (TABLE.encode("utf-8-sig"), None),
        (TABLE.encode("utf-8-sig"), "utf-8"),
        (TABLE.encode("utf-16"), None),
        (b"\xfe\xff" + TABLE.encode("utf-16-be"), None),
        (TABLE.encode("utf-32"), None),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("latin-1"), "latin-1"),
        (TABLE.encode("cp1252"), "cp1252"),
        (TABLE.replace("\n", "\r\n").encode("utf-16"), None),
    ],
)
def test_text_is_read_in_its_encoding(data: bytes, encoding: str | None, pairs: Any) -> None:
    assert pairs("a.csv", data, encoding=encoding) == [("x", "y"), ("café au lait", "ça va")]


@pytest.mark.parametrize(
    ("text", "encoding", "hint"),
    [
        (TABLE, "latin-1", "write `encoding: cp1252`"),
        ("input,output\nx,y\n“so”,é\n", "cp1252", "write `encoding: cp1252`"),
        ("input,output\nx,y\n你好世界欢迎你,b\n", "gb18030", "write `encoding: gb18030`"),
        ("input,output\nx,y\nこんにちは世界,b\n", "cp932", "write `encoding: cp932`"),
        ("input,output\nx,y\nпривет мир,b\n", "cp1251", "write `encoding: cp1251`"),
    ],
)
def test_text_that_is_not_utf_8_is_refused_with_byte_line_and_likely_encoding(
    text: str, encoding: str, hint: str, read: Any, pairs: Any
) -> None:
    data = text.encode(encoding)
    with pytest.raises(DataError) as caught:
        read("a.csv", data)
    first = next(at for at, byte in enumerate(data) if byte > 127)
    assert str(caught.value).startswith("a.csv:3: the file is not UTF-8")
    assert f"at byte {first} (0x{data[first]:02X})" in str(caught.value)
    assert hint in caught.value.hint
    assert len(pairs("a.csv", data, encoding=encoding)) == 2


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.csv", "input,output\né,b\n".encode() + b"\xe9,c\n", "a.csv:3: the file is not UTF-8"),
        ("a.csv", TABLE.encode("utf-16-le"), "looks like UTF-16 without a byte order mark (NUL at byte 1)"),
        ("a.csv", b"input,output\na,b\0c\n", "a.csv:2: a NUL character at byte 16"),
        ("a.jsonl", b'{"input": "caf\xe9", "output": "b"}', "a.jsonl:1: the file is not UTF-8"),
        ("a.json", b'[{"input": "a",\n "output": "caf\xe9"}]', "a.json:2: the file is not UTF-8"),
        ("a.csv", "input,output\na,b\n".encode("utf-16")[:-1], "a.csv:2: the file is not UTF-16"),
    ],
)
def test_damaged_text_is_refused_with_its_line(name: str, data: bytes, problem: str, read: Any) -> None:
    with pytest.raises(DataError) as caught:
        read(name, data)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("written", "hint"), [("utf-16-be", "utf-16-be"), ("utf-16-le", "utf-16-le"), ("utf-8", "leave `encoding`")]
)
def test_utf_16_without_its_mark_is_refused_with_what_to_write(written: str, hint: str, read: Any) -> None:
    with pytest.raises(DataError, match=r"a\.tsv:1: the file has no byte order mark, which UTF-16 needs") as caught:
        read("a.tsv", "input\toutput\na\tb\n".encode(written), encoding="utf-16")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (b"\x1f\x8b\x08", "is compressed with gzip"),
        (b"PK\x03\x04", "is a zip archive or an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel workbook of the old form"),
        (b"PAR1\x15", "is a Parquet file"),
        (b"%PDF-1.7", "is a PDF"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
        (b"\n<!DOCTYPE html>\n<html>", "is a web page"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json", "a.txt"])
def test_files_of_other_kinds_are_named(name: str, head: bytes, problem: str, read: Any) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        read(name, head + b"\x00\x01rest")
    assert caught.value.where == name and caught.value.hint


def test_a_link_to_a_data_file_is_read_and_a_broken_one_is_missing(pairs: Any) -> None:
    Path("real.csv").write_text("input,output\na,b\n")
    os.symlink("real.csv", "a.csv")
    assert pairs("a.csv", "input,output\na,b\n") == [("a", "b")]
    Path("real.csv").unlink()
    with pytest.raises(DataError, match="there is no such data file"):
        read_path("a.csv")


def read_path(name: str) -> None:
    """Read a file that is there already, or not."""
    from promptwire.tasks.readers import read_examples

    read_examples(Path(name))
