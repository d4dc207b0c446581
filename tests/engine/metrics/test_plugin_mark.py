"""A plug-in's metric is identified by its source and its package's version: in the fingerprint of a task, not in its name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from promptwire.errors import UsageError
from promptwire.metrics.plugin_mark import plugin_mark
from promptwire.registry import plugins
from promptwire.results.provenance import fingerprint
from promptwire.tasks.given_task import make_task

TEXT = """from promptwire.authoring import metric

POINTS = 1.0


def points(right):
    return POINTS if right else 0.0


@metric()
def near(answer, outputs):
    return points(answer in outputs)
"""
ROWS = [(f"{number} + 1", str(number + 1)) for number in range(8)]


def mark(folder: Path, text: str) -> str:
    """The mark of the metric in a file of this text, as another process would find it."""
    folder.mkdir()
    (folder / "mine.py").write_text(text, encoding="utf-8")
    plugins._FILES.pop("mine", None)
    sys.modules.pop("promptwire_plugin_mine", None)
    plugins.load_plugin(folder / "mine.py")
    return plugin_mark("mine:near")


@pytest.fixture(autouse=True)
def no_plugin_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_FILES", {})


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("POINTS = 1.0", "POINTS = 1.0  # a comment", True),
        ("", "\n\ndef unused():\n    return 0\n", True),
        ("POINTS = 1.0", "POINTS = 0.5", False),
        ("if right else 0.0", "if right else 0.1", False),
        ("answer in outputs", "answer.strip() in outputs", False),
        ("@metric()", "@metric(scale=(0, 2))", False),
    ],
)
def test_the_mark_changes_with_what_the_metric_does(tmp_path: Path, before: str, after: str, same: bool) -> None:
    changed = TEXT.replace(before, after) if before else TEXT + after
    assert (mark(tmp_path / "a", TEXT) == mark(tmp_path / "b", changed)) == same


def test_a_metric_without_a_stable_text_goes_by_its_whole_file(tmp_path: Path) -> None:
    unstable = TEXT.replace("POINTS = 1.0", "POINTS = type('Model', (), {'points': 1.0})()")
    first, second = mark(tmp_path / "a", unstable), mark(tmp_path / "b", unstable + "# another\n")
    assert first == mark(tmp_path / "c", unstable) and first != second


def test_a_package_counts_by_its_version_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark(tmp_path / "a", TEXT)
    found = []
    for version in ("acme 1.0", "acme 1.1"):
        monkeypatch.setattr("promptwire.metrics.plugin_mark.plugin_version", lambda _, version=version: (version, ""))
        found.append(plugin_mark("mine:near"))
    assert found[0] != found[1]


def test_the_fingerprint_of_a_task_follows_the_metric_but_not_that_of_built_in_metrics(tmp_path: Path) -> None:
    built_in = fingerprint(make_task(ROWS, prompt="Add."))
    found = []
    for name, text in (("a", TEXT), ("b", TEXT.replace("1.0", "0.5"))):
        mark(tmp_path / name, text)
        found += [fingerprint(make_task(ROWS, prompt="Add.", metric="mine:near"))]
        found += [fingerprint(make_task(ROWS, prompt="Add.").model_copy(update={"watch": ("mine:near",)}))]
    assert len({built_in, *found}) == 5
    assert plugin_mark("exact") == "" and fingerprint(make_task(ROWS, prompt="Add.")) == built_in


def test_a_missing_metric_is_an_error() -> None:
    with pytest.raises(UsageError, match="there is no metric 'mine:near'"):
        plugin_mark("mine:near")
