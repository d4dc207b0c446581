"""The report as HTML: everything is shown, and text of models stays text."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from promptwire.results.report import Calls, Comparison, Report, Score
from promptwire.results.run import Run
from promptwire.stats.verdict import Verdict
from promptwire.values import Example
from tests.page_runs import page_run

EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(1)> & \"'"
SCORE = Score(score=0.508, low=0.42, high=0.6, n=120)
NONE = Score(score=None, low=None, high=None, n=0)


class Tags(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.add(tag)
        assert {name for name, _ in attrs} <= {"style", "scope"}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def report(**changes: object) -> Report:
    fields = {
        "pipeline": "ape", "task": "mood", "metric": "choice", "models": {"task": "local"}, "seed": 3, "prompt": "How?",
        "initial_prompt": "What?", "test": Comparison(initial=SCORE, best=SCORE, gain=SCORE),
        "train": Comparison(initial=NONE, best=NONE, gain=NONE), "calls": Calls(new=1234, cached=5, failed=0), "requests": 1,
        "tokens_in": 1, "tokens_out": 1, "cost_usd": None, "seconds": 1.0, "limit": None, "counts": {}, "notes": (), "run": "runs/1",
    }  # fmt: skip
    return Report.model_validate({**fields, **changes})


def read(report: Report) -> Tags:
    tags = Tags()
    tags.feed(report._repr_html_())
    assert not tags.open
    return tags


def test_prompts_scores_calls_and_notes_are_shown() -> None:
    tags = read(report(notes=("a note",), limit="100 calls", demos=(Example(input="two", outputs=("2",)),)))
    for part in (
        "What?",
        "How?",
        "two\n2",
        "held-out (n=120)",
        "0.508 [0.42, 0.60]",
        "+0.508",
        "not scored",
        "1,234 new calls",
    ):
        assert part in tags.text
    for part in ("a note", "stopped early: 100 calls", "runs/1", "cost unknown"):
        assert part in tags.text


def test_the_verdict_comes_first_and_gives_the_interval_of_the_gain() -> None:
    verdict = Verdict(kind="better", n=120, gain=0.358, low=0.25, high=0.46, p=0.001, test="McNemar mid-p", fixed=50, broken=7)
    tags = read(report(verdict=verdict))
    assert tags.text.startswith("better on 120 untouched examples: gain +0.358 [0.25, 0.46]")
    assert "+0.508 [0.25, 0.46]" in tags.text and "50 fixed, 7 broken, 63 as before" in tags.text


@pytest.mark.parametrize("field", ["prompt", "initial_prompt", "pipeline", "task", "metric", "run", "limit"])
def test_text_is_never_markup(field: str) -> None:
    tags = read(report(**{field: EVIL}))
    assert EVIL in tags.text and not {"script", "img"} & tags.seen


def test_text_of_notes_models_and_demonstrations_is_never_markup() -> None:
    demo = Example(input=EVIL, outputs=(EVIL,))
    tags = read(report(notes=(EVIL,), models={"task": EVIL}, demos=(demo,)))
    assert tags.text.count(EVIL) == 4 and not {"script", "img"} & tags.seen


def test_a_run_is_shown_by_its_report_and_without_one_by_its_state_and_prompts(tmp_path: Path) -> None:
    run = Run.open(page_run(tmp_path / "run"))
    assert run.report is not None and run._repr_html_() == run.report._repr_html_()
    assert repr(run) == f"Run.open({str(tmp_path / 'run')!r})"
    (tmp_path / "run" / "report.json").unlink()
    tags = Tags()
    tags.feed(Run.open(tmp_path / "run")._repr_html_())
    assert "script" not in tags.seen and "best so far" in tags.text and "labels" in tags.text and tags.open == []
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "run.json").write_text("{")
    assert str(tmp_path / "bare") in Run.open(tmp_path / "bare")._repr_html_()
