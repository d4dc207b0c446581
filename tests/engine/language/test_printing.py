"""Printed pipelines: as written, and with base, patches and params applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.documents import resources
from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import PipelineError, UsageError
from promptwire.language.check import load_graph
from promptwire.language.printing import effective, written
from promptwire.security import package_data
from tests.sample_project import Project


@pytest.mark.parametrize("name", resources.pipelines())
def test_the_printed_pipeline_gives_the_same_graph(name: str, tmp_path: Path) -> None:
    for file in package_data.package_folder("pipelines").glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "shown.yaml").write_text(effective(name))
    shown, meant = load_graph(tmp_path / "shown.yaml"), load_graph(name)
    assert (shown.name, shown.params, list(shown.steps)) == (meant.name, meant.params, list(meant.steps))
    assert "extends" not in read_yaml_text(effective(name), "shown").data


def test_params_and_patches_are_applied() -> None:
    data = read_yaml_text(effective("apo", params={"steps": "7"}, patches={"search.beam.best": "2"}), "shown").data
    assert data["params"]["steps"]["default"] == 7
    assert data["nodes"]["search"]["nodes"]["beam"]["best"] == 2
    assert data["nodes"]["search"]["nodes"]["exam"]["template"] == "protegi/gradient.j2"


def test_the_key_on_is_not_quoted() -> None:
    assert "on: $trainset" in effective("ape")


def test_a_file_is_printed_as_written() -> None:
    assert written("apo") == resources.pipeline_path("apo").read_text()


def test_an_unknown_param_or_path_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no param 'step'"):
        effective("apo", params={"step": "7"})
    with pytest.raises(PipelineError, match="there is no 'serch'"):
        effective("apo", patches={"serch.beam.best": "2"})


def test_a_file_that_is_not_a_pipeline_is_an_error_with_location(project: Project) -> None:
    (project.folder / "bad.yaml").write_text("a: [")
    with pytest.raises(PipelineError, match=r"bad\.yaml:1"):
        written("bad.yaml")
