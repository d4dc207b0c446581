"""A starter folder is complete, has no problems, and runs."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from promptwire.cli.scaffold import _templates, make_starter
from promptwire.documents import resources
from promptwire.documents.yaml_reader import read_yaml
from promptwire.errors import PipelineError, UsageError
from promptwire.language.check import check, load_graph
from promptwire.tasks.task import load_task
from tests.sample_project import Project

PARTS = ("protegi-expand", "protegi-small-expand", "miprov2-expand")


@pytest.mark.parametrize("source", [name for name in resources.pipelines() if name not in PARTS])
def test_a_starter_holds_the_same_pipeline_and_its_templates(source: str, project: Project) -> None:
    files = make_starter("mine", source)
    made = check(Path("mine/mine.yaml"))
    assert not [problem for problem in made.problems if not problem.warning]
    graph, meant = load_graph(Path("mine/mine.yaml")), load_graph(source)
    assert (graph.name, list(graph.steps), graph.params) == ("mine", list(meant.steps), meant.params)
    own = project.folder / "mine" / "templates"
    assert all(template.is_relative_to(own) for template in _templates(graph))
    assert Path("mine/README.md") in files
    assert all(file.is_file() for file in files)


@pytest.mark.parametrize(("source", "whole"), [*zip(PARTS, ("protegi", "protegi-small", "miprov2"), strict=True)])
def test_a_pipeline_that_is_part_of_others_is_refused(source: str, whole: str, project: Project) -> None:
    with pytest.raises(UsageError, match=r"a part of other pipelines: no task provides its input '(beam|shots)'") as caught:
        make_starter("mine", source)
    assert caught.value.hint == f"copy a pipeline that uses it: --from {whole}"
    assert not Path("mine").exists()


def test_the_task_has_its_data(project: Project) -> None:
    make_starter("mine", "ape")
    task = load_task("mine/task")
    assert (len(task.train), len(task.test)) == (96, 64)


def test_the_first_line_names_a_schema_that_accepts_the_pipeline(project: Project) -> None:
    make_starter("mine", "pe2")
    text = Path("mine/mine.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=promptwire.json\n")
    made = jsonschema.Draft7Validator(json.loads(Path("mine/promptwire.json").read_text()))
    assert made.is_valid(read_yaml("mine/mine.yaml").data)


def test_a_users_own_pipeline_is_copied_with_its_parts(project: Project) -> None:
    (project.folder / "own").mkdir()
    (project.folder / "own" / "say.j2").write_text("Vary {{ prompt }}")
    (project.folder / "own" / "part.yaml").write_text(
        "promptwire: 1\ninputs: {p: Prompts}\nnodes: {v: {use: resample, prompts: $p, template: say.j2}}\noutputs: {out: $v}\n"
    )
    (project.folder / "own" / "all.yaml").write_text(
        "promptwire: 1\ninputs: {seed: Prompts}\nnodes: {part: {use: ./part.yaml, p: $seed}}\noutputs: {prompt: $part}\n"
    )
    make_starter("mine", "own/all.yaml")
    assert Path("mine/templates/say.j2").read_text() == "Vary {{ prompt }}"
    assert load_graph(Path("mine/mine.yaml")).name == "mine"


def test_inner_pipelines_name_the_same_schema(project: Project) -> None:
    (project.folder / "own" / "parts").mkdir(parents=True)
    part = "nodes: {v: {use: cap, prompts: $p, per_parent: 1}}\noutputs: {out: $v}\n"
    elsewhere = "# yaml-language-server: $schema=/elsewhere.json\n"
    (project.folder / "own" / "parts" / "part.yaml").write_text(f"{elsewhere}promptwire: 1\ninputs: {{p: Prompts}}\n{part}")
    (project.folder / "own" / "all.yaml").write_text(
        "promptwire: 1\ninputs: {seed: Prompts}\nnodes: {part: {use: ./parts/part.yaml, p: $seed}}\noutputs: {prompt: $part}\n"
    )
    make_starter("mine", "own/all.yaml")
    inner = Path("mine/parts/part.yaml").read_text()
    assert inner.startswith("# yaml-language-server: $schema=../promptwire.json\npromptwire: 1\n")
    assert inner.count("yaml-language-server") == 1
    assert (Path("mine/parts") / "../promptwire.json").is_file()


@pytest.mark.parametrize("name", ["", "../up", "Mine", "a/b", "-x", "x" * 65])
def test_an_invalid_name_is_refused(name: str, project: Project) -> None:
    with pytest.raises(UsageError, match="can't be the name"):
        make_starter(name, "ape")


def test_an_existing_folder_is_not_overwritten(project: Project) -> None:
    (project.folder / "mine").mkdir()
    with pytest.raises(UsageError, match="already exists"):
        make_starter("mine", "ape")
    assert not list((project.folder / "mine").iterdir())


def test_a_pipeline_with_errors_writes_no_file(project: Project) -> None:
    (project.folder / "bad.yaml").write_text("promptwire: 1\nnodes: {a: {use: nowhere}}\noutputs: {o: $a}\n")
    with pytest.raises(PipelineError):
        make_starter("mine", "bad.yaml")
    assert not Path("mine").exists()
