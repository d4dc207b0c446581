"""Headers of GGUF files: what a model is, and files with one thing wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backends.gguf import read_header
from promptwire.errors import ModelUnavailable
from tests.gguf_file import write_gguf


def test_a_header_says_what_the_model_is(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf")
    header = read_header(path)
    assert (header.architecture, header.context, header.template, header.writes) == ("llama", 512, True, True)
    assert header.token_bytes == 1 * 2 * (16 + 16) * 2
    assert header.size == path.stat().st_size


def test_a_model_without_a_template_is_told_apart(tmp_path: Path) -> None:
    assert not read_header(write_gguf(tmp_path / "m.gguf", template=None)).template


@pytest.mark.parametrize(
    "changes",
    [{"general__architecture": "nomic-bert"}, {"llama__attention__causal": False}, {"llama__pooling_type": 1}],
    ids=["by its architecture", "by its attention", "by its pooling"],
)
def test_an_embedding_model_writes_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    assert not read_header(write_gguf(tmp_path / "m.gguf", **changes)).writes


@pytest.mark.parametrize("cut", [1, 5_000, 60_000, 80_000])
def test_half_a_file_is_one_clear_error(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ModelUnavailable, match="damaged: it") as caught:
        read_header(write_gguf(tmp_path / "m.gguf", cut=cut))
    assert "m.gguf" in caught.value.where
    assert "fetch it again" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<html>", "not a GGUF file"),
        (b"", "not a GGUF file"),
        (b"GGUF", "damaged"),
        (b"GGUF\x01\x00\x00\x00" + bytes(16), "version 1"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 16, "damaged"),
        (b"GGUF\x03\x00\x00\x00" + bytes(8) + b"\x01" + bytes(7) + b"\xff" * 8, "damaged"),
        (b"GGUF\x03\x00\x00\x00" + bytes(8) + b"\x01" + bytes(7) + bytes(8) + b"\x63\x00\x00\x00", "damaged"),
    ],
)
def test_other_bytes_are_one_clear_error(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnavailable, match=problem):
        read_header(path)


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="can't be read") as caught:
        read_header(tmp_path / "none.gguf")
    assert "PROMPTWIRE_MODEL" in caught.value.hint
