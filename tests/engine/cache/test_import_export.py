"""Export and import: all rows pass, and an invalid file changes nothing."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.import_export import export_responses, import_responses
from promptwire.cache.maintenance import CacheEntry, rows
from promptwire.cache.record import RequestMeta
from promptwire.errors import CacheError

HEADER = '{"promptwire":"answers","version":1}'
GOOD = json.dumps(
    {"key": "a" * 64, "row": {"answer": Completion("x").to_json(), "model": "m", "kind": "generate", "when": 1.0}}
)


def filled(folder: Path, **answers: str) -> Path:
    cache = ResponseCache(folder)
    for letter, text in answers.items():
        cache.put(letter * 64, Completion(text, tokens_in=3, usd=0.25), meta=RequestMeta("m", "generate"))
    cache.close()
    return folder


def texts(folder: Path) -> dict[str, str]:
    return {row.key[0]: row.record.completion.text for row in rows(folder) if isinstance(row, CacheEntry)}


def test_an_export_is_imported_and_cached_rows_stay(tmp_path: Path) -> None:
    source = filled(tmp_path / "one", a="first\nline \ud83d", b="second")
    target = filled(tmp_path / "two", b="mine", c="third")
    file = tmp_path / "answers.jsonl"
    assert export_responses(source, file) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert import_responses(file, target) == (2, 1, 0)
    assert texts(target) == {"a": "first\nline \ud83d", "b": "mine", "c": "third"}
    assert import_responses(file, target) == (2, 0, 0)


def test_an_export_overwrites_no_file(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("precious")
    with pytest.raises(CacheError, match="exists already"):
        export_responses(filled(tmp_path / "one", a="x"), tmp_path / "there")
    assert (tmp_path / "there").read_text() == "precious"


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ([HEADER], None),
        ([""], "1"),
        (['{"promptwire":"answers","version":true}'], "1"),
        (['{"promptwire":"answers","version":1.0}'], "1"),
        ([HEADER, GOOD, GOOD.replace("[]", "[1e308]")], "3"),
        ([HEADER, GOOD, GOOD.replace("[]", "[1e999]")], "3"),
        ([HEADER, GOOD, GOOD.replace("1.0", "Infinity")], "3"),
        ([HEADER, GOOD, GOOD.replace("1.0", '"now"')], "3"),
        ([GOOD], "1"),
        (["[" * 100_000], "1"),
        (['{"promptwire":"answers","version":2}'], "1"),
        ([HEADER, GOOD, "nonsense"], "3"),
        ([HEADER, GOOD, GOOD.replace("a" * 64, "../../etc/passwd")], "3"),
        ([HEADER, GOOD, GOOD.replace('"x"', "7")], "3"),
        ([HEADER, GOOD, "[" * 100_000], "3"),
        ([HEADER, GOOD, "x" * (2**24 + 2)], "3"),
    ],
)
def test_an_invalid_export_is_refused_with_its_line(tmp_path: Path, lines: list[str], place: str | None) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join(lines) + ("\n" if lines else ""))
    if place is None:
        assert import_responses(file, filled(tmp_path / "one", b="mine")) == (0, 0, 0)
        return
    with pytest.raises(CacheError, match=f"answers.jsonl:{place}: "):
        import_responses(file, filled(tmp_path / "one", b="mine"))
    assert texts(tmp_path / "one") == {"b": "mine"}


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="No such file"):
        import_responses(tmp_path / "none", tmp_path / "one")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 5000, "-" + "1" * 5000, "1" * 310])
@pytest.mark.parametrize("field", ["tokens_in", "tokens_out", "usd", "when"])
def test_number_out_of_range_is_unknown_and_the_row_is_imported(tmp_path: Path, number: str, field: str) -> None:
    row = re.sub(rf'"{field}": [^,}}]+', f'"{field}": {number}', GOOD)
    (tmp_path / "a.jsonl").write_text(f"{HEADER}\n{row}\n{GOOD.replace('a' * 64, 'b' * 64)}\n")
    assert import_responses(tmp_path / "a.jsonl", tmp_path / "one") == (2, 2, 1)
    assert texts(tmp_path / "one") == {"a": "x", "b": "x"}


def test_an_empty_file_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    with pytest.raises(CacheError, match="this file is empty"):
        import_responses(tmp_path / "a.jsonl", tmp_path / "one")


def test_a_key_that_is_there_twice_is_imported_once(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join([HEADER, GOOD, GOOD.replace('"x"', '"y"')]))
    assert import_responses(tmp_path / "a.jsonl", tmp_path / "one") == (2, 1, 0)
    assert texts(tmp_path / "one") == {"a": "x"}
