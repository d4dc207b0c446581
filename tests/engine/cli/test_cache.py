"""`promptwire cache` lists, verifies, prunes, exports and imports completions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import RequestMeta
from promptwire.cli.app import app
from promptwire.errors import PromptwireError
from promptwire.options import cache_folder


@pytest.fixture(autouse=True)
def completions() -> None:
    """Three completions; one holds an escape sequence that would clear the terminal."""
    cache = ResponseCache(cache_folder(), clock=lambda: 1000.0)
    for letter, model, text in (("a", "dear", "one\x1b[2J\nline"), ("b", "dear", "two"), ("c", "local", "three")):
        cache.put(letter * 64, Completion(text, tokens_in=4, tokens_out=2), meta=RequestMeta(model, "generate"))
    cache.close()


def cache(*words: str, code: int = 0) -> str:
    result: Result = CliRunner().invoke(app, ["cache", *words])
    assert result.exit_code == code, result.output
    return result.stdout


def test_ls_prints_one_line_a_completion_without_escape_sequences() -> None:
    lines = cache("ls").splitlines()
    assert [line.split()[0] for line in lines] == ["a" * 12, "b" * 12, "c" * 12]
    assert lines[0].endswith("dear  generate  6 tokens  one [2J line")
    assert len(cache("ls", "--model", "dear").splitlines()) == 2
    assert [json.loads(line)["text"] for line in cache("ls", "--limit", "1", "--json").splitlines()] == ["three"]


def test_show_prints_the_whole_completion() -> None:
    shown = json.loads(cache("show", "aa"))
    assert (shown["key"], shown["text"], shown["model"]) == ("a" * 64, "one\x1b[2J\nline", "dear")


def test_verify_ends_with_0_for_a_sound_cache() -> None:
    assert cache("verify") == "3 completions can be read, 0 can't\n"


def test_prune_counts_first_and_removes_with_yes() -> None:
    assert cache("prune", "--model", "dear") == "2 rows would be removed; add --yes to remove them\n"
    assert cache("prune", "--unreadable", "--yes") == "0 rows removed\n"
    assert cache("prune", "--model", "dear", "--older-than", "1", "--yes") == "2 rows removed\n"
    assert [line.split()[0] for line in cache("ls").splitlines()] == ["c" * 12]


def test_prune_without_a_condition_removes_nothing() -> None:
    result = CliRunner().invoke(app, ["cache", "prune", "--yes"])
    assert isinstance(result.exception, PromptwireError) and "has no condition" in str(result.exception)
    assert len(cache("ls").splitlines()) == 3


def test_export_and_import_copy_completions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache("export", str(tmp_path / "answers.jsonl"))
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "another"))
    assert cache("import", str(tmp_path / "answers.jsonl")) == "3 completions, 3 of them new\n"
    assert json.loads(cache("show", "c"))["text"] == "three"
