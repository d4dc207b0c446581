"""Response cache: paid completions survive, planted rows never run, several processes write at once."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.import_export import import_responses
from promptwire.cache.maintenance import CacheEntry, rows
from promptwire.cache.record import CacheRecord
from promptwire.errors import CacheError
from tests.engine.cache.planted_rows import META, plant


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_stored_completion_is_read_by_the_next_process(cache: ResponseCache) -> None:
    answer = Completion("a reply \ud800 é", "length", (-0.5, -1.0), 3, 4, 0.25, "suffix")
    assert cache.get("k") is None
    assert cache.put("k", answer, meta=META).result() == answer
    assert cache.get("k") == answer
    cache.close()
    again = ResponseCache(cache.folder, clock=lambda: 7.0)
    assert again.get("k") == answer
    record = again.look("k")
    assert record is not None and record.meta == META and record.when > 7.0
    again.close()


def test_the_first_writer_wins_and_the_second_gets_the_stored_completion(cache: ResponseCache) -> None:
    other = ResponseCache(cache.folder)
    assert other.put("k", Completion("first"), meta=META).result().text == "first"
    assert cache.put("k", Completion("second"), meta=META).result().text == "first"
    assert cache.put("k", Completion("third"), meta=META, replace=True).result().text == "third"
    assert other.get("k") == Completion("third")
    other.close()


def test_a_completion_replaces_a_filtered_one_and_not_the_reverse(cache: ResponseCache) -> None:
    cache.put("k", Completion(finish="content_filter"), meta=META).result()
    assert cache.put("k", Completion("an answer"), meta=META).result().text == "an answer"
    assert cache.put("k", Completion(finish="content_filter"), meta=META).result().text == "an answer"


@pytest.mark.parametrize("value", ["", "{", '{"answer": {"text": "x"', "[]", '{"answer": 5}'])
def test_a_malformed_value_is_a_miss_and_is_overwritten(cache: ResponseCache, value: str) -> None:
    plant(cache.folder, "k", value=value)
    assert cache.get("k") is None
    assert cache.put("k", Completion("mended"), meta=META).result().text == "mended"
    assert cache.get("k") == Completion("mended")


def test_a_planted_pickle_is_refused_and_not_run(cache: ResponseCache, tmp_path: Path) -> None:
    bomb = pickle.dumps(Bomb(tmp_path / "boom"))
    plant(cache.folder, "value", mode=4, value=bomb)
    plant(cache.folder, "binary", mode=1, value=bomb)
    (cache.folder / "bomb.val").write_bytes(bomb)
    plant(cache.folder, "file", mode=4, filename="bomb.val")
    for key in ("value", "binary", "file"):
        with pytest.raises(CacheError, match="did not write"):
            cache.get(key)
    assert not (tmp_path / "boom").exists()


def test_a_planted_key_that_is_not_raw_is_never_unpickled(cache: ResponseCache, tmp_path: Path) -> None:
    plant(cache.folder, pickle.dumps(Bomb(tmp_path / "boom")), raw=0, value="x")
    plant(cache.folder, "k", raw=0, value=CacheRecord(Completion("planted"), META, 1.0).write())
    assert cache.get("k") is None
    with pytest.raises(CacheError, match="a key that is not text"):
        list(cache._cache)
    assert not (tmp_path / "boom").exists()
    assert cache.stats().rows == 2


@pytest.mark.parametrize("mode", [2, 3])
def test_a_planted_path_is_neither_read_nor_deleted(cache: ResponseCache, tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    for key, path in (("up", "../secret"), ("absolute", str(secret))):
        plant(cache.folder, key, mode=mode, filename=path)
        with pytest.raises(CacheError, match="did not write"):
            cache.get(key)
        assert cache.put(key, Completion("new"), meta=META, replace=True).result().text == "new"
        assert cache.get(key) == Completion("new")
    assert secret.read_text() == "a secret"


def test_a_planted_row_fails_only_its_own_write(cache: ResponseCache) -> None:
    plant(cache.folder, "bad", mode=4, value=b"x")
    futures = {key: cache.put(key, Completion(key), meta=META) for key in ("a", "bad", "b")}
    assert isinstance(futures["bad"].exception(), CacheError)
    assert [futures[key].result().text for key in ("a", "b")] == ["a", "b"]
    cache.flush()


def test_settings_stored_in_the_file_are_ignored(cache: ResponseCache) -> None:
    cache.close()
    with sqlite3.connect(cache.folder / "cache.db") as database:
        database.execute("UPDATE Settings SET value = 'least-recently-used' WHERE key = 'eviction_policy'")
        database.execute("UPDATE Settings SET value = 1 WHERE key IN ('size_limit', 'disk_min_file_size')")
        database.execute("UPDATE Settings SET value = 10 WHERE key = 'cull_limit'")
    database.close()
    again = ResponseCache(cache.folder)
    for number in range(50):
        again.put(f"{number}", Completion("x" * 50_000), meta=META)
    again.flush()
    assert again.stats().rows == 50
    assert [path.name for path in cache.folder.iterdir() if not path.name.startswith("cache.db")] == []
    again.close()


def test_threads_read_and_write_concurrently(cache: ResponseCache) -> None:
    def work(worker: int) -> int:
        for number in range(50):
            cache.put(f"{number}", Completion(f"{worker}"), meta=META).result()
        return sum(cache.get(f"{number}") is not None for number in range(50))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [50] * 4
    assert cache.stats().rows == 50


CHILD = """
import sys
from pathlib import Path
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import RequestMeta
from promptwire.backend import Completion
cache = ResponseCache(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    stored = cache.put(f"{number}", Completion(sys.argv[2]), meta=RequestMeta("m", "generate")).result()
    print(number, stored.text, flush=True)
"""


def child(folder: Path, name: str, rows: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), name, str(rows)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def unharmed(folder: Path) -> bool:
    """Whether the database in `folder` is whole."""
    database = sqlite3.connect(folder / "cache.db")
    found = database.execute("PRAGMA integrity_check").fetchall()
    database.close()
    return found == [("ok",)]


@pytest.mark.parametrize("processes", [2, 4])
def test_concurrent_processes_agree_on_every_completion(tmp_path: Path, processes: int) -> None:
    children = [child(tmp_path / "cache", name, 200) for name in "abcd"[:processes]]
    said = [process.communicate(timeout=120)[0].splitlines() for process in children]
    assert all(one == said[0] for one in said)
    assert len(said[0]) == 200
    assert unharmed(tmp_path / "cache")


def test_a_killed_process_does_not_harm_another(tmp_path: Path) -> None:
    doomed, other = child(tmp_path / "cache", "x", 10**6), child(tmp_path / "cache", "y", 300)
    assert doomed.stdout is not None
    for _ in range(100):
        doomed.stdout.readline()
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    assert len(other.communicate(timeout=120)[0].splitlines()) == 300
    assert other.returncode == 0 and unharmed(tmp_path / "cache")


LOCKED = """
import os, sys, urllib.parse  # modules that Python loads late may be readable by root only
from pathlib import Path
from promptwire.cache.disk import ResponseCache
from promptwire.errors import PromptwireError
from promptwire.results.run_folder import make_folder
if os.getuid() == 0:
    os.setuid(65534)  # to root nothing is read-only
for attempt in (lambda: ResponseCache(Path(sys.argv[1]) / "cache"), lambda: ResponseCache(Path(sys.argv[1]) / "new"),
                lambda: make_folder(Path(sys.argv[1]) / "runs", "x")):
    try:
        attempt()
        print("nothing was said")
    except PromptwireError as error:
        print(type(error).__name__, str(error).replace(chr(10), " "))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of POSIX")
def test_a_read_only_folder_is_an_error_and_loses_no_row() -> None:
    # Not below tmp_path, which is closed to the user that the child becomes where the tests run as root.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        cache = ResponseCache(folder / "cache")
        cache.put("k", Completion("kept"), meta=META).result()
        cache.close()
        for path in (*folder.rglob("*"), folder):
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            done = subprocess.run([sys.executable, "-c", LOCKED, made], capture_output=True, text=True, timeout=60, check=True)
        finally:
            for path in (folder, folder / "cache", folder / "cache" / "cache.db"):
                path.chmod(0o700)
        old, new, runs = done.stdout.splitlines()
        assert old.startswith("CacheError") and "can't be opened" in old and "PROMPTWIRE_CACHE" in old
        assert new.startswith("CacheError") and "Permission denied" in new and "PROMPTWIRE_CACHE" in new
        assert runs.startswith("RunError") and "Permission denied" in runs and "PROMPTWIRE_RUNS" in runs
        cache = ResponseCache(folder / "cache")
        assert cache.get("k") == Completion("kept")
        cache.close()


def test_a_killed_writer_has_stored_every_confirmed_completion(tmp_path: Path) -> None:
    process = child(tmp_path / "cache", "x", 10**6)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read().splitlines(keepends=True)
    process.stdout.close()
    process.wait()
    whole = [line.split()[0] for line in said if line.endswith("x\n")]
    cache = ResponseCache(tmp_path / "cache")
    assert all(cache.get(number) == Completion("x") for number in whole)
    cache.close()
    database = sqlite3.connect(tmp_path / "cache" / "cache.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def test_a_process_that_ends_without_closing_writes_its_queue(tmp_path: Path) -> None:
    code = CHILD.replace(".result()", "").replace("print(number, stored.text, flush=True)", "pass")
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "cache"), "x", "500"], check=True, timeout=60)
    cache = ResponseCache(tmp_path / "cache")
    assert cache.stats().rows == 500
    cache.close()


FULL = """
import json, resource, signal, sys
from pathlib import Path
from promptwire.cache.disk import ResponseCache
from promptwire.errors import CacheError
from tests.engine.cache.planted_rows import META, plant
from promptwire.cache.record import RequestMeta
from promptwire.backend import Completion
cache = ResponseCache(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
futures = [cache.put(f"{number}", Completion("x" * 20_000), meta=RequestMeta("m", "generate")) for number in range(50)]
failed = [future for future in futures if future.exception() is not None]
try:
    cache.flush()
    told = ""
except CacheError as error:
    told = str(error)
served = sum(cache.get(f"{number}") is not None for number in range(50))
resource.setrlimit(resource.RLIMIT_FSIZE, before)
cache.close()
print(json.dumps({"failed": len(failed), "told": told, "served": served}))
"""


def test_after_a_full_disk_failed_writes_are_repeated(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "cache")], capture_output=True, text=True, timeout=60, check=True
    )
    said = json.loads(done.stdout)
    assert said["failed"] > 0
    assert "paid answers could not be stored" in said["told"] and "free some space" in said["told"]
    assert said["served"] == 50
    cache = ResponseCache(tmp_path / "cache")
    assert all(cache.get(f"{number}") for number in range(50))
    cache.close()


LEFT = """
import resource, signal, sys
from pathlib import Path
from promptwire.cache.disk import ResponseCache
from promptwire.errors import CacheError
from tests.engine.cache.planted_rows import META, plant
from promptwire.cache.record import RequestMeta
from promptwire.backend import Completion
cache = ResponseCache(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
put = lambda number: cache.put(f"{number:064x}", Completion("x" * 20_000), meta=RequestMeta("m", "generate")).exception()
full = next(number for number in range(20) if put(number))
assert 0 < full and put(full + 1) and put(full + 2)
try:
    cache.close()
except CacheError as error:
    print(error)
"""


def test_completions_of_a_full_disk_are_dumped_to_an_importable_file(tmp_path: Path) -> None:
    spare, folder = tmp_path / "spare", tmp_path / "cache"
    spare.mkdir()
    command = [sys.executable, "-c", LEFT, str(folder)]
    env = {**os.environ, "TMPDIR": str(spare)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=env)
    (left,) = spare.iterdir()
    assert "could not be stored" in done.stdout and f"then: promptwire cache import {left}" in done.stdout
    assert left.stat().st_mode & 0o777 == 0o600
    before = len(list(rows(folder)))
    assert before > 0
    assert import_responses(left, folder) == (3, 3, 0)
    assert [row.record.completion for row in rows(folder) if isinstance(row, CacheEntry)] == [Completion("x" * 20_000)] * (
        before + 3
    )


def test_a_path_that_is_no_folder_or_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="can't be opened") as caught:
        ResponseCache(tmp_path / "file")
    assert "PROMPTWIRE_CACHE" in caught.value.hint
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "cache.db").write_text("this is no database " * 100)
    with pytest.raises(CacheError, match="not a database"):
        ResponseCache(tmp_path / "odd")


def test_a_closed_cache_refuses_writes_and_can_be_closed_again(cache: ResponseCache) -> None:
    cache.close()
    cache.close()
    with pytest.raises(CacheError, match="closed"):
        cache.put("k", Completion(), meta=META)
