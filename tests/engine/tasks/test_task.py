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


def labelled(project: Path, lines: str) -> str:
    """A task file with these lines and an answer that is an object."""
    rows = [f'{{"input": "x{number}", "output": {{"n": {number}}}}}' for number in range(4)]
    (project / "task" / "rows.jsonl").write_text("\n".join(rows))
    path = project / "task" / "mine.yaml"
    path.write_text(f"promptwire: 1\nprompt: Say it.\ndata: {{train: rows.jsonl}}\n{lines}")
    return str(path)


def test_an_output_that_is_an_object_is_its_json(project: Path) -> None:
    found = load_task(labelled(project, "metric: json\n"))
    assert sorted(example.output for example in (*found.train.items, *found.test.items))[0] == '{"n": 0}'
    assert found.load_metric().name == "json"


@pytest.mark.parametrize("written", ["json_schema: {required: [n]}\n", "json_schema: n.schema.json\n"])
def test_a_json_schema_is_written_in_the_task_or_in_a_file(written: str, project: Path) -> None:
    (project / "task" / "n.schema.json").write_text('{"required": ["n"]}')
    found = load_task(labelled(project, f"metric: json\n{written}"))
    assert found.json_schema == {"required": ["n"]}
    assert "required property" in found.load_metric().measure("{}", found.train.items[0]).feedback


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("json_schema: {type: objekt}\n", "this is no JSON Schema that can be used"),
        ("json_schema: broken.json\n", "the JSON Schema can't be read"),
        ("json_schema: none.json\n", "there is no data file"),
    ],
)
def test_a_json_schema_that_cannot_be_used_is_refused_with_its_place(written: str, words: str, project: Path) -> None:
    (project / "task" / "broken.json").write_text("{")
    with pytest.raises(DataError, match=words) as caught:
        load_task(labelled(project, f"metric: json\n{written}"))
    assert caught.value.where


def test_a_schema_that_an_accepted_output_does_not_fit_is_refused_before_a_run(project: Path) -> None:
    with pytest.raises(PromptwireError, match="does not fit `json_schema`"):
        load_task(labelled(project, "metric: json\njson_schema: {required: [m]}\n")).load_metric()


@pytest.mark.parametrize(
    ("written", "watched"), [("watch: f1\n", ("f1",)), ("watch: [f1, json-fields, f1, json]\n", ("f1", "json-fields"))]
)
def test_watched_metrics_are_named_once_each_without_the_tasks_own(
    written: str, watched: tuple[str, ...], project: Path
) -> None:
    found = load_task(labelled(project, f"metric: json\n{written}"))
    assert found.watch == tuple(metric.name for metric in found.load_watched()) == watched


@pytest.mark.parametrize(
    ("metric", "watched", "words"),
    [
        ("json", "judge", "it would need calls of its own"),
        ("json", "choice", "names fewer than two"),
        ("logprob", "f1", "it would need calls of its own"),
        ("json", "multiple-choice", "are no option letter"),
        ("json", "f2", "there is no metric 'f2'"),
    ],
)
def test_a_metric_that_cannot_score_the_same_answers_is_not_watched(
    metric: str, watched: str, words: str, project: Path
) -> None:
    with pytest.raises(PromptwireError, match=words):
        load_task(labelled(project, f"metric: {metric}\nwatch: {watched}\n")).load_watched()
