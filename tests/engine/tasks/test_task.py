"""Task files: the files that they may name, and the locations of their errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import DataError, PipelineError, PromptwireError
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


@pytest.mark.parametrize(
    ("lines", "place", "message"),
    [
        ("prompt: p\ndata: {train: loop.jsonl}", "2:15", "loop.jsonl is a loop of links"),
        ('prompt: p\ndata: {train: "a\\0b"}', "2:15", "holds a NUL character"),
        ("prompt: p\ndata: {train: d.jsonl}\ntemplate: loop.jsonl", "3:11", "loop.jsonl is a loop of links"),
        ('prompt: p\ndata: {train: d.jsonl}\ntemplate: "a\\0b"', "3:11", "holds a NUL character"),
        ("prompt: p\ndata: {train: d.jsonl}\ntemplate: none.j2", "3:11", "there is no shipped template 'none.j2'"),
        ("prompt: []\ndata: {train: d.jsonl}", "1:9", "write at least one prompt"),
        ("prompt: p\ndata: {train: d.jsonl}\nlabels: [a, b, a]", "3:9", "the label 'a' is there twice"),
        ('prompt: p\ndata: {train: d.jsonl}\nlabels: [a, b, " b"]', "3:9", "the label 'b' is there twice"),
        ("prompt: p\ndata: {train: d.jsonl}\ncolumns: {input: []}", "3:18", "name at least one column"),
        ("prompt: p\ndata: {train: d.jsonl}\ncolumns: {input: [q, q]}", "3:18", "the column 'q' is there twice"),
    ],
)
def test_value_that_can_only_fail_is_refused_at_its_line(lines: str, place: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    (tmp_path / "d.jsonl").write_text(ROWS)
    (tmp_path / "t.yaml").write_text(lines)
    with pytest.raises(PromptwireError) as refused:
        load_task(str(tmp_path / "t.yaml"))
    assert f"{tmp_path / 't.yaml'}:{place}: " in str(refused.value)
    assert message in str(refused.value) and "Value error" not in str(refused.value)


@pytest.mark.parametrize("prompt", ['""', "[a]", '[""]'])
def test_one_prompt_is_enough_and_may_be_empty(prompt: str, tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text(ROWS)
    (tmp_path / "t.yaml").write_text(f"prompt: {prompt}\ndata: {{train: d.jsonl}}\nlabels: [a, A, b]")
    assert len(load_task(str(tmp_path / "t.yaml")).prompts.items) == 1
