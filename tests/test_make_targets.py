"""Every test runs in `make test` or in `make test-heavy`, and `.ci/run` runs both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile."""
    (body,) = re.findall(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)+)", MAKEFILE, re.MULTILINE)
    return [line.strip() for line in body.splitlines()]


def test_the_two_targets_run_one_command_and_split_its_tests_by_the_marker() -> None:
    (quick,), (heavy,) = recipe("test"), recipe("test-heavy")
    assert quick.count('-m "not heavy"') == 1
    assert quick.replace('-m "not heavy"', "-m heavy") == heavy


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an sdist holds no .ci")
def test_the_checks_before_a_change_lands_run_both_targets() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("make test")] == ["make test", "make test-heavy"]


TOOLS = ("tests.browser import", '"sphinx"', "Editor([", "LocalBackend()", "parts.scheduler()")
"""What a test file that drives a heavy tool holds: the browser, Sphinx, the language server, the embedded model, Dask."""


@pytest.mark.parametrize("tool", TOOLS)
def test_a_test_file_that_drives_a_heavy_tool_is_marked(tool: str) -> None:
    found = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)}
    driving = {path.name: "pytest.mark.heavy" in text for path, text in found.items() if tool in text}
    assert driving and all(driving.values()), f"{driving}: mark with pytest.mark.heavy, or it makes `make test` slow"
