"""Printed report, in terminals of any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from promptwire.cli.console import print_table
from promptwire.cli.report_text import print_report
from promptwire.results.confusion import Confusion
from promptwire.results.report import Calls, Comparison, MetricScores, Report, Score
from promptwire.values import Example


def terminal(width: int = 80) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=24, color_system=None, highlight=False)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def report(**changes: object) -> Report:
    score = Score(score=0.508, low=0.42, high=0.6, n=120)
    sides = Comparison(initial=score, best=score, gain=Score(score=0.358, low=0.25, high=0.46, n=120))
    fields = {
        "pipeline": "ape",
        "task": "mood",
        "metric": "choice",
        "models": {"task": "local"},
        "seed": 3,
        "prompt": "How [bold]does[/bold] it feel to a reader of it?",
        "initial_prompt": "Classify.",
        "test": sides,
        "train": sides,
        "calls": Calls(new=1, cached=2, failed=0),
        "requests": 1,
        "tokens_in": 1,
        "tokens_out": 1,
        "cost_usd": None,
        "seconds": 1.0,
        "limit": None,
        "counts": {},
        "notes": (),
        "run": "runs/1",
    }
    return Report.model_validate({**fields, **changes})


@pytest.mark.parametrize(
    ("copying", "copied", "lines"),
    [
        (0, [], []),
        (2, [], ["2 of 9 candidates copy training examples"]),
        (
            3,
            ["hot -> cold", "a", "b", "c"],
            [
                "the best prompt copies training examples: 'hot -> cold', 'a', 'b' and 1 more",
                "3 of 9 candidates copy training examples",
            ],
        ),
    ],
)
def test_copied_training_text_is_shown_and_nothing_when_there_is_none(
    copying: int, copied: list[str], lines: list[str]
) -> None:
    search = {"calls": {}, "candidates": 9, "copying": copying, "copied": copied, "score": None, "scored_on": 0}
    console = terminal(200)
    print_report(report(search=search), console)
    assert [line.strip() for line in shown(console).splitlines() if "copie" in line or "copy" in line] == lines


def test_a_report_of_an_earlier_version_has_no_search() -> None:
    old = {name: value for name, value in report().model_dump(mode="json").items() if name != "search"}
    assert Report.model_validate(old).search is None


@pytest.mark.parametrize(("run", "end"), [("runs/1", "intervals are 95%; run folder runs/1"), ("", "intervals are 95%")])
def test_a_replay_that_keeps_no_run_folder_names_none(run: str, end: str) -> None:
    screen = Console(file=io.StringIO(), width=120)
    print_report(report(run=run), screen)
    assert shown(screen).rstrip().splitlines()[-1] == end


@pytest.mark.parametrize("width", [58, 83, 84, 120])
def test_a_narrow_terminal_cuts_no_number_of_the_report(width: int) -> None:
    console = terminal(width)
    print_report(report(), console)
    for part in ("0.508", "[0.42, 0.60]", "+0.358", "[0.25, 0.46]", "held-out", "(n=120)", "cost unknown", "runs/1"):
        assert part in shown(console), part
    assert "…" not in shown(console)


def test_text_of_a_model_is_never_read_as_markup() -> None:
    console = terminal(120)
    print_report(report(limit="100 calls", notes=("warning: [red]x[/red]",), counts={"a": {"skipped": 2}}), console)
    for part in ("How [bold]does[/bold] it feel", "stopped early: 100 calls", "[red]x[/red]", "a: 2 skipped"):
        assert part in shown(console)


def test_the_demonstrations_of_the_best_prompt_are_printed() -> None:
    console = terminal()
    print_report(report(demos=(Example(input="two [plus] two", outputs=("four",)),)), console)
    assert "shot 1   two [plus] two" in shown(console) and "four" in shown(console)


def test_a_narrow_table_cuts_no_cell() -> None:
    console = terminal(30)
    print_table([("local", "/a/very/long/folder/that/goes/on/model.gguf")], ("model", "file"), console)
    assert "".join(shown(console).split()).endswith("model.gguf")


def test_a_name_in_a_narrow_table_is_kept_whole() -> None:
    console = terminal(60)
    print_table([("local:qwen2.5-coder-1.5b", "1117 MB", "weights/" * 9 + "m.gguf")], ("model", "size", "file"), console)
    assert "local:qwen2.5-coder-1.5b  1117 MB" in shown(console)


def compared(**changes: object) -> Comparison:
    score = Score(score=0.5, low=0.4, high=0.6, n=4)
    return Comparison.model_validate({"initial": score, "best": score, "gain": score, **changes})


def test_watched_metrics_stand_below_with_their_held_out_scores() -> None:
    score = Score(score=0.25, low=None, high=None, n=4)
    wide = terminal(120)
    print_report(report(test=compared(watched=(MetricScores(metric="f1", initial=score, best=score, gain=score),))), wide)
    assert "f1, held-out" in shown(wide) and "+0.250" in shown(wide)


def test_a_confusion_table_shows_the_best_prompts_answers_and_a_large_one_is_named() -> None:
    small = Confusion(labels=("ham", "spam"), initial=((9, 9, 9), (9, 9, 9)), best=((3, 0, 1), (0, 5, 0)))
    wide = terminal(120)
    print_report(report(test=compared(confusion=small)), wide)
    lines = [line.split() for line in shown(wide).splitlines()]
    start = lines.index(["right", "label", "ham", "spam", "unreadable"])
    assert lines[start + 1 : start + 3] == [["ham", "3", "0", "1"], ["spam", "0", "5", "0"]]
    many = tuple(f"label {number}" for number in range(9))
    large = Confusion(labels=many, initial=((0,) * 10,) * 9, best=((0,) * 10,) * 9)
    wide = terminal(120)
    print_report(report(test=compared(confusion=large)), wide)
    assert "confusion table of 9 labels: see `confusion` in --json" in shown(wide) and "label 3" not in shown(wide)
