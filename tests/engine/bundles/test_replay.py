"""Bundles replay to the same results, contain no secret, and read and write nothing outside."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptwire.api import run
from promptwire.bundles import format as bundle_format
from promptwire.bundles.format import read_lines
from promptwire.bundles.replay import COMPARED, manifest_of, replay, shipped_changes
from promptwire.bundles.writer import write_bundle
from promptwire.errors import PromptwireError, RunError
from promptwire.options import Options, cache_folder
from promptwire.results.report import Report
from promptwire.security import package_data
from tests.openai_server import Server

KEY = "sk-planted-77aa01bb"
PIPELINE = """
promptwire: 1
name: mine
inputs: {seed: Prompts, train: Examples}
nodes:
  variants: {use: resample, prompts: $seed, template: own.j2, n: 3}
  best: {use: beam-select, prompts: [$seed, $variants], on: $train, keep: 1, policy: uniform, pulls: 60}
outputs: {prompt: $best}
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Report, Path]:
    """A run of the user's own pipeline, template and task, on a server with a key, and its bundle."""
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (project / "mine.yaml").write_text(PIPELINE)
    (project / "own.j2").write_text("Rewrite the prompt: {{ prompt.text }}")
    for name, start in (("train", 0), ("test", 50)):
        rows = [{"input": f"wörd {number}", "output": f"reply {number % 3}"} for number in range(start, start + 10)]
        (project / "data" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(project)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server = Server()
    server.key = KEY
    task = {"prompt": "Say it.", "metric": "contains"}
    with server.beside():
        base = server.url.replace("http://", "http://me:pw-planted@")
        monkeypatch.delenv("OPENAI_API_KEY")
        server.key = ""
        report = run("mine.yaml", "data", Options(models={"task": "openai/m"}, api_bases={"task": base}, task=task))
    write_bundle(Path(report.run), cache_folder(), tmp_path / "run.bundle", data=True)
    return report, tmp_path / "run.bundle"


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulate a machine with neither the files nor the completions."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "project").rename(tmp_path / "gone")
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "empty"))


def test_a_bundle_replays_without_files_server_or_cache(
    made: tuple[Report, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, bundle = made
    elsewhere(tmp_path, monkeypatch)
    again = replay(bundle)
    assert again.model_dump(include=set(COMPARED)) == report.model_dump(include=set(COMPARED))
    assert (again.calls.new, again.calls.failed) == (0, 0)
    assert not (tmp_path / "empty").exists() and not list((tmp_path / "elsewhere").iterdir())


def test_a_bundle_replays_several_answers_to_each_held_out_example(
    made: tuple[Report, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.yaml").write_text('- {when: Rewrite, reply: "Say it well."}\n- {reply: ["reply 0", "reply 1"]}\n')
    options = Options(
        models={"task": f"scripted:{tmp_path / 'model.yaml'}"}, repeats=2, task={"prompt": "Say it.", "metric": "contains"}
    )
    report = run("mine.yaml", "data", options)
    write_bundle(Path(report.run), cache_folder(), tmp_path / "again.bundle", data=True)
    elsewhere(tmp_path, monkeypatch)
    again = replay(tmp_path / "again.bundle")
    assert again.repeats == 2
    assert again.model_dump(include=set(COMPARED)) == report.model_dump(include=set(COMPARED))


def test_the_run_folder_of_a_replay_is_kept_where_it_is_asked_for(
    made: tuple[Report, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(tmp_path, monkeypatch)
    again = replay(made[1], keep=tmp_path / "kept")
    assert again.run == str(tmp_path / "kept")
    assert json.loads((tmp_path / "kept" / "values.jsonl").read_text().splitlines()[0])["path"] == "variants"
    with pytest.raises(RunError, match="exists already"):
        replay(made[1], keep=tmp_path / "kept")


def test_a_bundle_holds_no_password_and_no_absolute_path(made: tuple[Report, Path], tmp_path: Path) -> None:
    text = made[1].read_text()
    assert "pw-planted" not in text and str(tmp_path) not in text
    assert [json.loads(line)["file"] for line in text.splitlines() if '{"file"' in line] == [
        "data/test.jsonl",
        "data/train.jsonl",
        "mine.yaml",
        "own.j2",
    ]


def test_a_bundle_names_a_local_model_by_its_file_name(made: tuple[Report, Path], tmp_path: Path) -> None:
    """The folder of a model is of no use elsewhere, and says how this machine is laid out."""
    run_file, report_file = (Path(made[0].run) / name for name in ("run.json", "report.json"))
    for file in (run_file, report_file):
        file.write_text(file.read_text().replace('"openai/m"', '"local:/home/me/m.gguf"'))
    write_bundle(Path(made[0].run), cache_folder(), tmp_path / "local.bundle", data=True)
    text = (tmp_path / "local.bundle").read_text()
    assert "/home/me" not in text and text.count('"local:m.gguf"') >= 2


def test_a_bundle_with_a_secret_is_not_written(
    made: tuple[Report, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "Rewrite the prompt")
    with pytest.raises(RunError, match=r"own\.j2: the bundle would contain a secret"):
        write_bundle(Path(made[0].run), cache_folder(), tmp_path / "second")
    assert not list(tmp_path.glob("second*"))


def test_a_run_that_would_not_replay_is_not_bundled(made: tuple[Report, Path], tmp_path: Path) -> None:
    report, bundle = made
    with pytest.raises(RunError, match="exists already"):
        write_bundle(Path(report.run), cache_folder(), bundle)
    with pytest.raises(RunError, match="is not in the cache"):
        write_bundle(Path(report.run), tmp_path / "no-cache", tmp_path / "second")
    Path("own.j2").write_text("changed")
    with pytest.raises(RunError, match="changed since the run"):
        write_bundle(Path(report.run), cache_folder(), tmp_path / "second")
    Path(report.run, "report.json").unlink()
    with pytest.raises(RunError, match="only a finished run"):
        write_bundle(Path(report.run), cache_folder(), tmp_path / "second")


@pytest.fixture
def bare(made: tuple[Report, Path], tmp_path: Path) -> Path:
    """The bundle of the same run without data."""
    assert write_bundle(Path(made[0].run), cache_folder(), tmp_path / "bare.bundle") == 2
    return tmp_path / "bare.bundle"


def test_a_bundle_without_data_replays_on_the_same_task_in_any_folder(
    made: tuple[Report, Path], bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "rd 1" in made[1].read_text() and "rd 1" not in bare.read_text()
    elsewhere(tmp_path, monkeypatch)
    (tmp_path / "gone" / "data").rename(tmp_path / "elsewhere" / "mine")
    for task in ("mine", str(tmp_path / "elsewhere" / "mine")):
        again = replay(bare, task)
        assert again.model_dump(include=set(COMPARED)) == made[0].model_dump(include=set(COMPARED))
        assert (again.calls.new, again.calls.failed) == (0, 0)
    assert replay(made[1], "mine").test == made[0].test, "a task may be given for a bundle with data too"


def test_a_bundle_without_data_is_refused_without_its_task(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere(tmp_path, monkeypatch)
    mine = tmp_path / "gone" / "data"
    with pytest.raises(RunError, match=r"holds no data, so a replay needs the task\n.*--task"):
        replay(bare)
    (mine / "test.jsonl").write_text((mine / "test.jsonl").read_text().replace("50", "51"))
    with pytest.raises(RunError, match="this is not the task of the run"):
        replay(bare, str(mine))
    with pytest.raises(RunError, match="not the task of the run"):
        replay(bare, "sentiment")
    with pytest.raises(PromptwireError, match="zzz"):
        replay(bare, str(mine / "zzz.yaml"))


def test_a_bundle_without_data_reads_only_files_that_the_given_task_names(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.loads(line) for line in bare.read_text().splitlines()]
    elsewhere(tmp_path, monkeypatch)
    (tmp_path / "gone" / "data" / "diary.jsonl").write_text('{"input": "a", "output": "b"}')
    for hostile in ("diary.jsonl", str(tmp_path / "gone" / "data" / "diary.jsonl")):
        lines[0]["origin"]["changes"] = {"prompt": "x", "data": {"train": hostile}}
        bare.write_text("".join(json.dumps(line) + "\n" for line in lines))
        with pytest.raises(PromptwireError, match="outside of itself"):
            replay(bare, str(tmp_path / "gone" / "data"))


def test_a_bundle_of_a_shipped_task_needs_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = {"n": "4", "scored_on": "8", "first": "4", "width": "2"}
    report = run("ape-paraphrase", "planted", Options(models={"task": "scripted:planted"}, params=params))
    assert write_bundle(Path(report.run), cache_folder(), tmp_path / "shipped.bundle") == 0
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "empty"))
    assert replay(tmp_path / "shipped.bundle").test == report.test


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Report, Path]:
    """A run of a shipped pipeline on a shipped task, and its compressed bundle with data; then another version is installed."""
    monkeypatch.chdir(tmp_path)
    params = {"n": "4", "scored_on": "8", "first": "4", "width": "2"}
    report = run("ape-paraphrase", "planted", Options(models={"task": "scripted:planted"}, params=params))
    write_bundle(Path(report.run), cache_folder(), tmp_path / "new.bundle.gz", data=True)
    write_bundle(Path(report.run), cache_folder(), tmp_path / "slim.bundle")
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "empty"))
    for package in package_data.PACKAGES:
        shutil.copytree(package_data.package_folder(package), tmp_path / "installed" / package)
    folder = tmp_path / "installed"
    (folder / "templates" / "ape" / "paraphrase.j2").write_text("{{ prompt }} in other words:")
    (folder / "pipelines" / "ape.yaml").unlink()
    (folder / "pipelines" / "tasks" / "planted" / "test.jsonl").write_text('{"input": "x", "output": "y"}')
    return report, tmp_path / "new.bundle.gz"


def test_a_bundle_replays_with_the_shipped_files_of_its_run_whatever_is_installed(
    shipped: tuple[Report, Path], tmp_path: Path
) -> None:
    report, bundle = shipped
    with package_data.replaced(tmp_path / "installed"):
        again = replay(bundle)
        assert shipped_changes(manifest_of(bundle)) == (
            "pipelines/ape.yaml",
            "pipelines/tasks/planted/test.jsonl",
            "templates/ape/paraphrase.j2",
        )
    assert again.model_dump(include={*COMPARED, "search"}) == report.model_dump(include={*COMPARED, "search"})
    assert shipped_changes(manifest_of(bundle)) == ()


def test_a_bundle_without_data_needs_the_shipped_examples_of_its_run(shipped: tuple[Report, Path], tmp_path: Path) -> None:
    slim = tmp_path / "slim.bundle"
    assert replay(slim).test == shipped[0].test
    with package_data.replaced(tmp_path / "installed"), pytest.raises(RunError, match=r"test\.jsonl differs from the one"):
        replay(slim)


def test_a_compressed_bundle_is_small_and_the_same_bytes_each_time(shipped: tuple[Report, Path], tmp_path: Path) -> None:
    packed = shipped[1].read_bytes()
    lines = gzip.decompress(packed)
    assert len(packed) * 4 < len(lines)
    assert sorted(lines.splitlines()[1:-1])[0].startswith(b'{"key"')
    plain = tmp_path / "plain.bundle"
    plain.write_bytes(lines)
    assert replay(plain).test == replay(shipped[1]).test


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda packed: packed[:-40], "cut off or damaged"),
        (lambda packed: packed[:200] + b"xxxx" + packed[204:], "cut off or damaged|not a"),
        (lambda packed: gzip.compress(b'{"shipped": "x", "text": ""}\n'), "not a bundle"),
        (lambda packed: gzip.compress(gzip.decompress(packed) + b"x" * (2**24 + 2)), "after the end"),
    ],
)
def test_a_damaged_or_swollen_compressed_bundle_is_one_error(
    change: Callable[[bytes], bytes], problem: str, shipped: tuple[Report, Path], tmp_path: Path
) -> None:
    (tmp_path / "hostile.gz").write_bytes(change(shipped[1].read_bytes()))
    with pytest.raises(RunError, match=problem):
        replay(tmp_path / "hostile.gz")


def test_a_compressed_bundle_may_not_grow_without_bound(
    shipped: tuple[Report, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_format, "_MOST_BYTES", 20_000)
    with pytest.raises(RunError, match="holds too much"):
        list(read_lines(shipped[1]))


def test_a_shipped_file_with_another_text_is_refused(shipped: tuple[Report, Path], tmp_path: Path) -> None:
    text = gzip.decompress(shipped[1].read_bytes()).replace(b"APE for tiny models", b"APE for large models")
    (tmp_path / "hostile").write_bytes(text)
    with pytest.raises(RunError, match="is not the one that the run read"):
        replay(tmp_path / "hostile")


Change = Callable[[list[dict[str, Any]]], None]


def _pipeline(text: str) -> Change:
    def change(lines: list[dict[str, Any]]) -> None:
        next(line for line in lines if line.get("file") == "mine.yaml")["text"] = text

    return change


def _origin(**more: Any) -> Change:
    return lambda lines: lines[0]["origin"].update(more)


def _name(name: str) -> Change:
    return lambda lines: lines[1].update(file=name)


HOSTILE: dict[str, tuple[Change, str]] = {
    "a file above": (_name("../../planted"), "invalid file name"),
    "an absolute file": (_name("/tmp/planted"), "invalid file name"),  # noqa: S108
    "a file of another system": (_name("C:\\planted"), "invalid file name"),
    "a file with a NUL": (_name("a\0b"), "invalid file name"),
    "a working folder above": (_origin(working="../.."), "invalid file name"),
    "a pipeline elsewhere": (_origin(pipeline="../../../etc/mine.yaml"), "leads out of the bundle"),
    "a task elsewhere": (_origin(task="/etc"), "leads out of the bundle"),
    "data elsewhere": (
        _origin(changes={"prompt": "x", "data": {"train": "../../../../../../../../etc/passwd"}}),
        "outside of itself",
    ),
    "a template elsewhere": (_pipeline(PIPELINE.replace("own.j2", "../../../etc/passwd")), "leads out of"),
    "a shipped file of another version": (
        lambda lines: lines[0]["shipped"].update({"templates/ape/blank.j2": "0" * 64}),
        "differs from the one",
    ),
    "a shipped file that is none": (lambda lines: lines[0]["shipped"].update({"../x": "0"}), "not a shipped file"),
    "another version": (lambda lines: lines[0].update(version=2), "not a bundle"),
    "a field too many": (lambda lines: lines[0].update(run="rm"), "not a bundle"),
    "a wrong type": (lambda lines: lines[1].update(text=["x"]), "not a line of a bundle"),
    "a completion of a wrong type": (lambda lines: lines[-2]["row"].update(when="now"), "neither a file nor a completion"),
    "a missing completion": (lambda lines: (lines.pop(-2), lines[-1].update(end=len(lines) - 1))[0], "no answer for this call"),
    "a missing line": (lambda lines: lines.pop(-2) and None, "lines are missing"),
    "a missing end": (lambda lines: lines.pop() and None, "its end is missing"),
    "more after the end": (lambda lines: lines.append({"file": "x", "text": "x"}), "after the end"),
    "a huge line": (lambda lines: lines[1].update(text="x" * (2**24 + 1)), "too long"),
    "other numbers": (lambda lines: lines[0]["report"].update(prompt="mine!"), "differs from the bundle in: prompt"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_bundle_is_one_error_and_writes_nothing(
    kind: str, made: tuple[Report, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, problem = HOSTILE[kind]
    lines = [json.loads(line) for line in made[1].read_text().splitlines()]
    change(lines)
    bundle = tmp_path / "hostile"
    bundle.write_text("".join(json.dumps(line) + "\n" for line in lines))
    elsewhere(tmp_path, monkeypatch)
    before = sorted(path for path in tmp_path.rglob("*"))
    with pytest.raises(PromptwireError, match=problem):
        replay(bundle)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_a_bundle_with_other_intervals_replays_with_a_note_and_one_with_other_scores_is_refused(
    made: tuple[Report, Path], tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in made[1].read_text().splitlines()]
    gain = lines[0]["report"]["test"]["gain"]
    assert not any("other intervals" in note for note in replay(made[1]).notes)
    other = tmp_path / "other"
    gain["low"] = -0.5
    other.write_text("".join(json.dumps(line) + "\n" for line in lines))
    replayed = replay(other)
    assert replayed.test == made[0].test and "other intervals" in replayed.notes[-1]
    gain["score"] = 0.987
    other.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(RunError, match="differs from the bundle in: test"):
        replay(other)


@pytest.mark.parametrize("text", ["", "x", "[" * 100_000, "{}", '{"promptwire": "bundle"}', "\0" * 100])
def test_a_file_that_is_not_a_bundle_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "none").write_text(text)
    with pytest.raises(RunError, match=r"not a bundle|bundle is cut off"):
        replay(tmp_path / "none")
