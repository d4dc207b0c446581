"""A cache folder deleted during a run is recreated or dumped, and the user is told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from promptwire.backend import Completion
from promptwire.cache import fallback_dump as rescuing
from promptwire.cache.disk import ResponseCache
from promptwire.cache.import_export import import_responses
from promptwire.cache.maintenance import CacheEntry, rows
from promptwire.cache.record import RequestMeta
from promptwire.errors import CacheError

META = RequestMeta("m", "generate")


def put(cache: ResponseCache, number: int) -> Completion:
    return cache.put(f"{number:064x}", Completion(f"paid {number}"), meta=META).result()


def texts(folder: Path) -> set[str]:
    return {row.record.completion.text for row in rows(folder) if isinstance(row, CacheEntry)}


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def move(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def replace(folder: Path) -> None:
    """Another process deletes the folder and creates a new cache with a row of its own."""
    shutil.rmtree(folder)
    other = ResponseCache(folder)
    put(other, 7)
    other.close()


LOSSES: dict[str, Callable[[Path], None]] = {"removed": remove, "emptied": empty, "moved": move, "replaced": replace}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("later", [0, 2])
def test_a_deleted_cache_is_recreated_with_every_completion(loss: str, later: int, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "cache"
    old = ResponseCache(folder)
    put(old, 0)
    old.close()
    cache = ResponseCache(folder)
    assert put(cache, 1).text == "paid 1"
    LOSSES[loss](folder)
    assert [put(cache, 2 + number).text for number in range(later)] == [f"paid {2 + number}" for number in range(later)]
    (note,) = cache.take_notes()
    assert "was deleted or replaced during the run" in note and str(folder) in note
    assert cache.take_notes() == []
    cache.close()
    assert texts(folder) == {f"paid {number}" for number in (*range(2 + later), *([7] if loss == "replaced" else []))}


def test_a_deleted_cache_that_was_only_read_is_not_recreated(tmp_path: Path) -> None:
    put(cache := ResponseCache(tmp_path / "cache"), 1)
    cache.close()
    reader = ResponseCache(tmp_path / "cache")
    assert reader.get(f"{1:064x}") == Completion("paid 1")
    remove(tmp_path / "cache")
    reader.close()
    assert reader.notes == [] and not (tmp_path / "cache").exists()


def test_completions_are_dumped_when_the_folder_can_not_be_recreated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, spare = tmp_path / "cache", tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(rescuing, "_folders", lambda: iter([spare]))
    cache = ResponseCache(folder)
    put(cache, 1)
    remove(folder)
    folder.write_text("a file in its place")
    with pytest.raises(CacheError, match="can't be made again after it was deleted"):
        put(cache, 2)
    with pytest.raises(CacheError, match="then: promptwire cache import"):
        cache.close()
    (left,) = spare.iterdir()
    os.unlink(folder)
    assert import_responses(left, folder) == (2, 2, 0)
    assert texts(folder) == {"paid 1", "paid 2"}
