"""The public names of the package are those that docs/api.md lists, and each is what it says."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
from pathlib import Path

import pytest

import promptwire
from promptwire.errors import PromptwireError
from promptwire.planning.plan import Plan

ROOT = Path(__file__).parent.parent


def test_the_page_of_the_api_lists_every_public_name_and_no_other() -> None:
    table = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").partition("| name | what it is |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)", table, re.MULTILINE)) == set(promptwire.__all__)


@pytest.mark.parametrize(
    "name",
    [
        "check",
        "compare",
        "compare_async",
        "compare_runs",
        "export",
        "load_plugin",
        "load_task",
        "plan",
        "run",
        "run_async",
        "sweep",
        "sweep_async",
    ],
)
def test_a_public_function_has_that_name_and_a_docstring(name: str) -> None:
    function = getattr(promptwire, name)
    assert function.__name__ == name
    assert inspect.getdoc(function)


def test_the_signatures_on_the_page_are_those_of_the_functions() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for name, written in re.findall(r"^\| `(\w+)\(([^)]*)\)` \|", text, re.MULTILINE):
        if written != "...":
            named = [part.split("=")[0].strip() for part in written.split(",") if part.strip() != "*"]
            assert named == [*inspect.signature(getattr(promptwire, name)).parameters][: len(named)], name


def test_check_and_plan_and_load_task_work_with_shipped_names() -> None:
    assert promptwire.check("ape").problems == ()
    assert promptwire.load_task("planted").name == "planted"
    options = promptwire.Options(models={"task": "scripted:planted"})
    assert isinstance(promptwire.plan("ape", "planted", options), Plan)


def test_errors_and_results_are_those_of_the_engine() -> None:
    assert promptwire.PromptwireError is PromptwireError
    assert "prompt" in promptwire.Report.model_fields
    with pytest.raises(promptwire.PromptwireError):
        promptwire.load_task("no-such-task")


def test_the_version_is_the_installed_one() -> None:
    assert promptwire.__version__ == importlib.metadata.version("promptwire")


def test_any_other_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        promptwire.nothing  # noqa: B018 - the look-up is the test
