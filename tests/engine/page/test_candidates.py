"""The best so far: who may lead, and the line of descent where there are several parents or a circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.page.candidates import best_so_far, lineage
from promptwire.page.values import PagePoint
from promptwire.results.run import Run
from promptwire.values import Prompt
from tests.sample_runs import written_run


@pytest.mark.parametrize(
    ("scores", "leaders"),
    [
        ([], []),
        ([(0.2, 10)], [0]),
        ([(0.2, 10), (0.1, 10), (0.4, 10), (0.4, 10)], [0, 2]),  # an equal one does not take over
        ([(0.2, 10), (1.0, 4), (0.4, 10)], [0, 2]),  # few easy examples do not lead
        ([(1.0, 5), (0.4, 10)], [0]),  # half of the usual number is enough
    ],
)
def test_a_point_leads_with_a_higher_score_on_enough_examples(scores: list[tuple[float, int]], leaders: list[int]) -> None:
    points = [PagePoint(at, score, n, at, None, None, 0.0) for at, (score, n) in enumerate(scores)]
    assert [point.at for point in best_so_far(points)] == leaders


def _run(folder: Path, prompts: list[Prompt], best: Prompt) -> Run:
    items = [prompt.model_dump(mode="json") for prompt in prompts]
    report = {"prompt": best.text, "initial_prompt": "a"}
    return Run.open(
        written_run(folder, values=[{"path": "s", "round": "", "outputs": {"prompts": {"items": items}}}], best=report)
    )


def test_a_prompt_without_a_known_parent_begins_its_line(tmp_path: Path) -> None:
    child = Prompt(text="b", parents=("0" * 12,), made_by="s")
    assert lineage(_run(tmp_path / "run", [Prompt(text="a"), child], child)) == (1,)


def test_a_circle_of_parents_ends(tmp_path: Path) -> None:
    one, other = Prompt(text="a"), Prompt(text="b")
    circle = [Prompt(text="a", parents=(other.id,), made_by="s"), Prompt(text="b", parents=(one.id,), made_by="s")]
    assert lineage(_run(tmp_path / "run", circle, circle[1])) == (0, 1)


def test_a_best_prompt_that_no_step_gave_has_no_line(tmp_path: Path) -> None:
    assert lineage(_run(tmp_path / "run", [Prompt(text="a")], Prompt(text="z"))) == ()
