"""What a person sees while a run works."""

from __future__ import annotations

import io

from rich.console import Console

from promptwire.calls.tally import Tally
from promptwire.request import Answer
from promptwire.terminal import Watcher


def test_a_terminal_shows_each_running_step_with_its_answers() -> None:
    console, tally = Console(file=io.StringIO(), force_terminal=True, width=80), Tally()
    watcher = Watcher(console)
    watcher.follow(tally)
    with watcher.watching():
        watcher("start", {"path": "search.select", "round": "2"})
        watcher("start", {"path": "best", "round": ""})
        tally.of("search.select").book(Answer("x"))
        shown = Console(file=io.StringIO(), width=80)
        shown.print(watcher._drawn())
        watcher("done", {"path": "best", "round": ""})
    lines = shown.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split() for line in lines] == [["search.select", "round", "2", "1", "answers"], ["best"]]
