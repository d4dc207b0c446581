"""Shipped pipelines, tasks and templates."""

from __future__ import annotations

import pytest

from promptwire.documents import resources
from promptwire.errors import UsageError
from promptwire.language.check import check
from promptwire.security import package_data


def test_every_listed_name_is_a_file() -> None:
    found = [
        *map(resources.pipeline_path, resources.pipelines()),
        *map(resources.task_path, resources.tasks()),
        *map(resources.template_path, resources.templates()),
    ]
    assert found
    assert all(path.is_file() for path in found)
    assert package_data.package_folder("pipelines").is_dir()


@pytest.mark.parametrize(
    ("find", "name", "words"),
    [
        (resources.pipeline_path, "apee", "there is no shipped pipeline 'apee'\n  did you mean 'ape'?"),
        (resources.task_path, "plurals", "there is no shipped task 'plurals'\n  did you mean 'plural'?"),
        (
            resources.template_path,
            "ape/forwards.j2",
            "there is no shipped template 'ape/forwards.j2'\n  did you mean 'ape/forward.j2'?",
        ),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(find: object, name: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(name)  # type: ignore[operator]
    assert str(caught.value) == words


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "tasks/plural", "\0"])
def test_a_name_cannot_leave_the_folder(name: str) -> None:
    for find in (resources.pipeline_path, resources.task_path, resources.template_path):
        with pytest.raises(UsageError, match="there is no shipped"):
            find(name)


@pytest.mark.parametrize("name", resources.pipelines())
def test_every_shipped_pipeline_is_valid(name: str) -> None:
    checked = check(name)
    assert not [str(problem) for problem in checked.problems if not problem.warning]
    assert checked.graph is not None
