"""A bundle holds the files of a run as they are, and says what it can't hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.api import run
from promptwire.bundles.replay import COMPARED, replay
from promptwire.bundles.writer import write_bundle
from promptwire.errors import RunError
from promptwire.options import Options, cache_folder
from promptwire.results.report import Report

PIPELINE = """
promptwire: 1
name: mine
inputs: {seed: Prompts, train: Examples}
nodes:
  variants: {use: resample, prompts: $seed, template: own.j2, n: 2}
  best: {use: beam-select, prompts: [$seed, $variants], on: $train, keep: 1, policy: uniform, pulls: 20}
outputs: {prompt: $best}
"""
TABLE = "input,output\r\ncafé,reply 0\r\nthé,reply 1\r\nmaïs,reply 0\r\nriz,reply 1\r\n"


def finished(folder: Path, data: bytes, encoding: str | None) -> Report:
    """A run in `folder` over a table with these bytes."""
    (folder / "mine.yaml").write_text(PIPELINE)
    (folder / "own.j2").write_text("Rewrite the prompt: {{ prompt.text }}")
    (folder / "model.yaml").write_text('- {when: Rewrite, reply: "Say it well."}\n- {reply: ["reply 0", "reply 1"]}\n')
    (folder / "a.csv").write_bytes(data)
    told = {"train": "a.csv", **({"encoding": encoding} if encoding else {})}
    options = Options(models={"task": "scripted:model.yaml"}, task={"prompt": "Say it.", "metric": "contains", "data": told})
    return run("mine.yaml", "a.csv", options)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_with_windows_line_ends_or_a_mark_replays(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    report = finished(tmp_path / "project", TABLE.encode(encoding), None)
    write_bundle(Path(report.run), cache_folder(), tmp_path / "run.bundle", data=True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "project").rename(tmp_path / "gone")
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "empty"))
    again = replay(tmp_path / "run.bundle")
    assert again.model_dump(include=set(COMPARED)) == report.model_dump(include=set(COMPARED))


def test_data_that_is_not_utf_8_can_only_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = finished(tmp_path, TABLE.encode("cp1252"), "cp1252")
    with pytest.raises(RunError, match="this file is not UTF-8") as caught:
        write_bundle(Path(report.run), cache_folder(), tmp_path / "run.bundle", data=True)
    assert "--no-data" in caught.value.hint
    assert write_bundle(Path(report.run), cache_folder(), tmp_path / "run.bundle", data=False) > 0
