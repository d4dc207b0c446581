"""Rows with numbers out of range and unreadable rows: every command works on them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import CacheRecord, RequestMeta
from promptwire.cli.app import app
from promptwire.options import cache_folder

GOOD, ODD = "a" * 64, "b" * 64
UNKNOWN: dict[str, tuple[str, Any, Any]] = {
    "a time of 401 digits": ("when", 10**400, 0.0),
    "a time before 1970": ("when", -1, 0.0),
    "a time after the year 3000": ("when", 1e12, 0.0),
    "a price of 401 digits": ("usd", 10**400, None),
    "a negative price": ("usd", -0.01, None),
    "a price of a billion dollars": ("usd", 10**9, None),
    "tokens of 401 digits": ("tokens_in", 10**400, 0),
    "a price of 1e999": ("usd", "1e999", None),
    "tokens of 5,000 digits": ("tokens_in", "1" * 5000, 0),
    "negative tokens": ("tokens_out", -5, 0),
}
UNREADABLE: dict[str, tuple[str, str]] = {
    "a price that is NaN": ("usd", "NaN"),
    "a time that is Infinity": ("when", "Infinity"),
    "900 levels": ("text", "[" * 900 + "]" * 900),
}


def command(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["cache", *words])
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def planted(text: str) -> None:
    """A cache of a good row and of one with `text`."""
    cache = ResponseCache(cache_folder())
    cache.put(GOOD, Completion("good", usd=0.5), meta=RequestMeta("m", "generate"))
    cache.put(ODD, Completion("odd"), meta=RequestMeta("m", "generate"))
    cache.close()
    with sqlite3.connect(cache_folder() / "cache.db") as database:
        database.execute("UPDATE Cache SET value = ? WHERE key = ?", (text, ODD))
    database.close()


def row(**changes: Any) -> str:
    data = json.loads(
        CacheRecord(Completion("odd", tokens_in=1, tokens_out=1, usd=0.25), RequestMeta("m", "generate"), 5.0).write()
    )
    for name, value in changes.items():
        (data if name in data else data["answer"])[name] = value
    return json.dumps(data)


@pytest.mark.parametrize("kind", UNKNOWN)
def test_a_number_out_of_range_is_unknown_and_the_completion_is_used(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, value, read = UNKNOWN[kind]
    planted(row(**{name: "@"}).replace('"@"', str(value)))
    assert "1 of them hold times, prices or token counts out of range" in command("verify")
    assert [json.loads(line)["text"] for line in command("ls", "--json").splitlines()] == ["good", "odd"]
    assert len(command("ls").splitlines()) == 2
    shown = json.loads(command("show", "b"))
    assert shown.get(name, read) == (read if name != "when" else "unknown")
    stats = json.loads(command("stats", "--json"))
    assert (stats["usd"], stats["unpriced"]) == ((0.5, 1) if name == "usd" else (0.75, 0))
    command("export", str(tmp_path / "out.jsonl"))
    assert command("prune", "--older-than", "1", "--yes").startswith("0" if name == "when" else "1")
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "other"))
    assert command("import", str(tmp_path / "out.jsonl")) == "2 completions, 2 of them new\n"
    assert command("prune", "--key", "b", "--yes") == "1 rows removed\n"
    assert len(command("ls").splitlines()) == 1


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_unreadable_row_is_listed_pruned_and_hides_no_other(kind: str, tmp_path: Path) -> None:
    name, written = UNREADABLE[kind]
    planted(row(**{name: "@"}).replace('"@"', written))
    assert "row 2: its value is cut off or malformed" in command("verify", code=7)
    assert command("ls").splitlines()[1] == "row 2  can't be read: its value is cut off or malformed"
    assert [json.loads(line).get("row") for line in command("ls", "--json").splitlines()] == [None, 2]
    assert command("export", str(tmp_path / "out.jsonl")).startswith("1 completions")
    stats = command("stats", "--json")
    assert "Infinity" not in stats and 0.5 <= json.loads(stats)["usd"] <= 0.75
    assert command("prune", "--unreadable", "--yes") == "1 rows removed\n"
    assert command("verify") == "1 completions can be read, 0 can't\n"
