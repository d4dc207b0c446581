"""Task files: the files that they may name, and the locations of their errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import DataError, PipelineError
from promptwire.tasks.task import load_task

ROWS = '{"input": "a", "output": "b"}\n{"input": "c", "output": "d"}\n'
TASK = "promptwire: 1\nprompt: Say it.\ndata:\n  train: {train}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Folders for a task and, beside it, for its data."""
    for name in ("task", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "data" / "train.jsonl").write_text(ROWS)
    return tmp_path


def task(project: Path, train: str) -> str:
    path = project / "task" / "mine.yaml"
    path.write_text(TASK.replace("{train}", train))
    return str(path)


@pytest.mark.parametrize("kind", ["dots", "absolute", "link", "link of a folder"])
def test_data_outside_of_the_tasks_folder_is_refused_until_it_is_allowed(
    kind: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "task" / "linked.jsonl").symlink_to(project / "data" / "train.jsonl")
    (project / "task" / "deep").symlink_to(project / "data")
    written = {
        "dots": "../data/train.jsonl",
        "absolute": str(project / "data" / "train.jsonl"),
        "link": "linked.jsonl",
        "link of a folder": "deep/train.jsonl",
    }[kind]
    source = task(project, written)
    with pytest.raises(PipelineError) as refused:
        load_task(source)
    (problem,) = refused.value.problems
    assert (problem.location.file, problem.location.line, problem.location.column) == (source, 4, 10)
    assert "leads out of the task's folder" in problem.message
    assert "PROMPTWIRE_ALLOW=FOLDER" in problem.hint and str(project / "task") in problem.hint
    monkeypatch.setenv("PROMPTWIRE_ALLOW", str(project / "data"))
    assert len(load_task(source).train) + len(load_task(source).test) == 2


def test_files_that_the_user_names_may_lie_anywhere(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = task(project, "missing.jsonl")
    assert len(load_task(source, {"data": {"train": "../data/train.jsonl"}}).test) == 1
    (project / "link.jsonl").symlink_to(project / "data" / "train.jsonl")
    monkeypatch.chdir(project)
    for named in ("link.jsonl", "data/../link.jsonl", str(project / "link.jsonl")):
        assert len(load_task(named, {"prompt": "Say it."}).test) == 1


def test_template_outside_the_folder_is_refused_unless_the_user_named_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "secret.j2").write_text("{{ prompt }} {{ input }}")
    (project / "task" / "train.jsonl").write_text(ROWS)
    source = task(project, "train.jsonl")
    Path(source).write_text(Path(source).read_text() + "template: ../secret.j2\n")
    with pytest.raises(PipelineError, match=r"mine.yaml:5:11: \.\./secret.j2 leads out"):
        load_task(source)
    monkeypatch.chdir(project)
    assert load_task(source, {"template": "secret.j2"}).template == str((project / "secret.j2").resolve())


def test_missing_data_file_is_an_error_at_the_line_that_names_it(project: Path) -> None:
    source = task(project, "trian.jsonl")
    with pytest.raises(DataError) as missing:
        load_task(source)
    assert missing.value.where == f"{source}:4:10"
    assert "there is no data file" in missing.value.problem and "trian.jsonl" in missing.value.problem
    with pytest.raises(DataError) as missing:
        load_task(str(project / "gone.jsonl"), {"prompt": "Say it."})
    assert missing.value.where == str(project / "gone.jsonl")
