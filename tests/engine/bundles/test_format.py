"""Random hostile bundles: each is valid or one PromptwireError, and writes nothing elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptwire.api import run
from promptwire.bundles.files import safe_path
from promptwire.bundles.format import Manifest, read_lines
from promptwire.bundles.replay import replay
from promptwire.bundles.writer import write_bundle
from promptwire.cache.import_export import export_responses, import_responses
from promptwire.errors import CacheError, PromptwireError, RunError
from promptwire.options import Options, cache_folder

PIPELINE = """
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  variants: {use: resample, prompts: $seed, template: own.j2, n: 2}
  best: {use: beam-select, prompts: [$seed, $variants], on: $train, keep: 1, policy: uniform, pulls: 9}
outputs: {prompt: $best}
"""
EVIL = ["../x", "/tmp/x", "..", "a/../../x", "C:\\x", "a\0b", "\ud800", "", "a" * 300, "~/.ssh/id_rsa", "x" * 9000]  # noqa: S108
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder with a valid bundle, and with its completions as `cache export` writes them."""
    home = tmp_path_factory.mktemp("sharing")
    (home / "data").mkdir()
    (home / "mine.yaml").write_text(PIPELINE)
    (home / "own.j2").write_text("Rewrite: {{ prompt.text }}")
    for name in ("train", "test"):
        (home / "data" / f"{name}.jsonl").write_text(
            "\n".join(json.dumps({"input": f"{name}{number}", "output": "ok"}) for number in range(4))
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("PROMPTWIRE_CACHE", str(home / "cache"))
        patch.setenv("PROMPTWIRE_RUNS", str(home / "runs"))
        told = Options(models={"task": "scripted:echo"}, task={"prompt": "Say ok.", "metric": "contains"})
        report = run("mine.yaml", "data", told)
        write_bundle(Path(report.run), cache_folder(), home / "good", data=True)
        export_responses(cache_folder(), home / "answers")
        yield home


def anything() -> st.SearchStrategy[Any]:
    plain = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.sampled_from(EVIL)
    )
    return st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    )


def damaged(good: bytes) -> st.SearchStrategy[bytes]:
    """`good` with flipped bits, cut off, or with lines removed, doubled or exchanged."""

    def flipped(at: int, bit: int) -> bytes:
        raw = bytearray(good)
        raw[at] ^= 1 << bit
        return bytes(raw)

    position = st.integers(0, len(good) - 1)
    lines = good.splitlines(keepends=True)
    return (
        st.builds(flipped, position, st.integers(0, 7))
        | position.map(lambda end: good[:end])
        | st.builds(lambda at, more: good[:at] + more + good[at:], position, st.binary(min_size=1, max_size=8))
        | st.lists(st.sampled_from(lines), max_size=len(lines) + 2).map(b"".join)
        | st.permutations(lines).map(b"".join)
    )


def rewritten(good: bytes) -> st.SearchStrategy[bytes]:
    """`good` with one value inside a line replaced by any value."""

    def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        yield at
        steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for step, child in steps:
            yield from paths(child, (*at, step))

    lines = [json.loads(line) for line in good.splitlines()]
    positions = [(number, path) for number, line in enumerate(lines) for path in paths(line)]

    def put(position: tuple[int, tuple[Any, ...]], new: Any) -> bytes:
        number, path = position
        changed = json.loads(good.splitlines()[number])
        if path:
            inner = changed
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = new
        else:
            changed = new
        return b"".join(json.dumps(changed if at == number else line).encode() + b"\n" for at, line in enumerate(lines))

    return st.builds(put, st.sampled_from(positions), anything())


def files(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


@MANY
@given(data=st.data())
def test_any_bytes_read_as_a_bundle_or_raise_one_error(home: Path, tmp_path: Path, data: st.DataObject) -> None:
    good = (home / "good").read_bytes()
    (tmp_path / "hostile").write_bytes(data.draw(damaged(good) | rewritten(good) | st.binary(max_size=200)))
    try:
        found = list(read_lines(tmp_path / "hostile"))
    except RunError:
        return
    assert not found or isinstance(found[0], Manifest)


@QUICK
@given(data=st.data())
def test_a_damaged_bundle_replays_or_raises_and_writes_nowhere(home: Path, tmp_path: Path, data: st.DataObject) -> None:
    good = (home / "good").read_bytes()
    (tmp_path / "hostile").write_bytes(data.draw(damaged(good) | rewritten(good)))
    before, environment, working = files(home), dict(os.environ), Path.cwd()
    try:
        assert replay(tmp_path / "hostile").calls.new == 0
    except PromptwireError as error:
        assert error.problem if not hasattr(error, "problems") else error.problems
    assert (files(home), dict(os.environ), Path.cwd()) == (before, environment, working)
    assert [path.name for path in tmp_path.iterdir()] == ["hostile"]


@MANY
@given(data=st.data())
def test_any_bytes_import_as_completions_or_raise_one_error(home: Path, tmp_path: Path, data: st.DataObject) -> None:
    good = (home / "answers").read_bytes()
    (tmp_path / "hostile").write_bytes(data.draw(damaged(good) | rewritten(good) | st.binary(max_size=200)))
    try:
        total, new, unknown = import_responses(tmp_path / "hostile", tmp_path / "taken")
    except CacheError:
        return
    assert 0 <= new <= total <= good.count(b"\n") + 2 and 0 <= unknown <= total


@given(st.text(max_size=300) | st.sampled_from(EVIL) | st.text(st.sampled_from("./\\~: a"), max_size=20))
def test_a_file_name_is_a_path_inside_or_refused(name: str) -> None:
    try:
        path = safe_path(name)
    except RunError:
        return
    assert not path.is_absolute() and ".." not in path.parts and str(path) == name
