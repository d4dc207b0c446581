"""Progress from Python: one output that changes in a notebook, plain lines elsewhere, and no need of IPython."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

import promptwire
from promptwire.gateway.usage import Usage
from promptwire.running.live_progress import LiveProgress, notebook_show


class FakeNotebook:
    """What IPython's kernel offers: `display` makes an output, its handle replaces what the output shows."""

    def __init__(self) -> None:
        self.outputs: list[list[Any]] = []

    def display(self, value: Any, *, display_id: bool) -> Any:
        assert display_id
        shown = [value]
        self.outputs.append(shown)
        return SimpleNamespace(update=shown.append)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> FakeNotebook:
    found = FakeNotebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object())))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=found.display))  # type: ignore[arg-type]
    return found


def test_a_notebook_has_one_output_that_is_updated_and_ends_with_one_line(
    notebook: FakeNotebook, capsys: pytest.CaptureFixture[str]
) -> None:
    options = promptwire.Options(models={"task": "scripted:planted"}, params={"draws": "1", "n": "2"})
    report = promptwire.run("ape", "planted", options, progress=True)
    (shown,) = notebook.outputs
    last = shown[-1]
    assert f"{report.calls.new:,} new calls" in repr(last) and "\n" not in repr(last) and last._repr_html_().startswith("<pre")
    assert capsys.readouterr().err == ""


def test_lines_of_the_notebook_are_escaped_and_without_control_characters(notebook: FakeNotebook) -> None:
    live = LiveProgress()
    live("run", {"pipeline": "<b>\x1b[2J", "task": "t", "limits": {}})
    live("leader", {"metric": "exact", "prompt": "</pre><script>", "score": 0.5, "examples": 4})
    live.say("fetching\u202e the model")
    live.tick()
    text = notebook.outputs[0][0]
    assert repr(text).splitlines()[0].startswith("<b>\\u001b[2J on t") and "fetching\\u202e the model" in repr(text)
    assert "<script>" not in text._repr_html_() and "&lt;/pre&gt;&lt;script&gt;" in text._repr_html_()


@pytest.mark.parametrize("shell", [None, SimpleNamespace()])
def test_a_terminal_of_ipython_is_no_notebook(monkeypatch: pytest.MonkeyPatch, shell: Any) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))  # type: ignore[arg-type]
    assert notebook_show() is None


def test_elsewhere_a_line_is_printed_after_ten_seconds_and_then_less_often(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    live = LiveProgress(clock=lambda: now[0])
    for seconds in (5.0, 10.0, 15.0, 20.0):
        now[0] = seconds
        live.tick()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[:2] for line in lines] == [
        ["0:10", "0 new calls, 0 from cache"],
        ["0:20", "0 new calls, 0 from cache"],
    ]


def test_another_observer_gets_everything_too(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[Any] = []

    class Other:
        def say(self, text: str) -> None:
            seen.append(text)

        def follow(self, usage: Usage) -> None:
            seen.append(usage)

        def __call__(self, event: str, facts: Any) -> None:
            seen.append(event)

    live, usage = LiveProgress(Other()), Usage()
    live.follow(usage)
    live("limit", {"reason": "x"})
    live.say("fetching the model")
    assert seen == [usage, "limit", "fetching the model"] and live.progress.usage is usage
    assert capsys.readouterr().err == "fetching the model\n"
