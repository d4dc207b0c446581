"""The matrix: rows from words, cells with keys of their content."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import UsageError
from promptwire.options import Options
from promptwire.sweeps.matrix import Row, make_matrix, parse_row, task_name
from promptwire.tasks.given_task import make_task

PLANTED = Options(models={"task": "scripted:planted"})


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("ape", Row("ape", "ape")),
        ("own/mine.yaml", Row("mine", "own/mine.yaml")),
        ("ape -p n=5 -p draws=2", Row("ape n=5 draws=2", "ape", (("n", "5"), ("draws", "2")))),
        ("ape --set best.keep=2", Row("ape best.keep=2", "ape", (), (("best.keep", "2"),))),
    ],
)
def test_a_row_is_read_from_words(text: str, row: Row) -> None:
    assert parse_row(text) == row


@pytest.mark.parametrize("text", ["", "ape -p", "ape -p n", "ape --seed 3", "ape n=5", "ape 'open"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_row(text)


@pytest.mark.parametrize(
    ("task", "name"), [("sums", "sums"), ("own/mood.yaml", "mood"), ("own/mood", "mood"), ("own/mood/", "mood"), ("a.csv", "a")]
)
def test_a_task_has_the_name_of_its_file_or_folder(task: str, name: str) -> None:
    assert task_name(task) == name


def test_cells_are_ordered_by_seed_so_that_each_row_has_a_result_early() -> None:
    cells = make_matrix([Row("ape", "ape"), Row("copro", "copro")], ["planted"], [0, 1], PLANTED)
    assert [(cell.row, cell.seed, cell.options.seed) for cell in cells] == [
        ("ape", 0, 0), ("copro", 0, 0), ("ape", 1, 1), ("copro", 1, 1),
    ]  # fmt: skip
    assert len({cell.key for cell in cells}) == 4


def key(row: str = "ape", task: str = "planted", options: Options = PLANTED) -> str:
    return make_matrix([parse_row(row)], [task], [0], options)[0].key


def test_a_key_depends_on_content_and_not_on_names(tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "pipelines" / "random-search.yaml"
    copy = tmp_path / "renamed.yaml"
    copy.write_text(source.read_text())
    assert key(str(copy)) == key("random-search")
    copy.write_text(source.read_text().replace("default: 20", "default: 21"))
    assert key(str(copy)) != key("random-search")


@pytest.mark.parametrize(
    "changed",
    [
        {"params": {"n": "7"}}, {"limits": {"calls": 100}}, {"models": {"task": "scripted:planted", "meta": "local"}},
        {"task": {"prompt": "Write it."}}, {"repeats": 2},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_what_changes_a_result_changes_the_key(changed: dict[str, object]) -> None:
    assert key(options=Options.model_validate({**PLANTED.model_dump(), **changed})) != key()


def test_another_model_file_under_the_same_path_is_another_cell_and_a_moved_one_is_the_same(tmp_path: Path) -> None:
    def of(file: Path, settings: str = "") -> str:
        return key(options=PLANTED.model_copy(update={"models": {"task": f"local:{file}{settings}"}}))

    first = tmp_path / "mine.gguf"
    first.write_bytes(b"GGUF one")
    before = of(first)
    assert of(first, ",context=512") != before
    moved = tmp_path / "moved.gguf"
    moved.write_bytes(b"GGUF one")
    assert of(moved) == before
    first.write_bytes(b"GGUF two")
    assert of(first) != before


def test_a_task_given_in_python_has_a_key_of_its_content() -> None:
    task = make_task([("two", "2"), ("three", "3"), ("four", "4")], prompt="Write it as a number.", name="numbers")
    (cell,) = make_matrix([parse_row("ape")], [task], [0], PLANTED)
    (again,) = make_matrix([parse_row("ape")], [task], [0], PLANTED)
    (other,) = make_matrix([parse_row("ape")], [task.model_copy(update={"metric": "contains"})], [0], PLANTED)
    assert cell.key == again.key != other.key and task_name(cell.task) == "numbers"


@pytest.mark.parametrize("changed", [{"cache": "only"}, {"parallel": 2}, {"tries": 1}, {"timeout": 5.0}], ids=str)
def test_how_calls_are_made_does_not_change_the_key(changed: dict[str, object]) -> None:
    assert key(options=Options.model_validate({**PLANTED.model_dump(), **changed})) == key()


@pytest.mark.parametrize(
    ("rows", "tasks", "problem"),
    [
        (["ape"], [], "empty comparison"), ([], ["planted"], "empty comparison"), (["ape", "ape"], ["planted"], "two pipelines"),
        (["ape"], ["planted", "x/planted.yaml"], "two tasks"), (["no-such"], ["planted"], "no-such"),
    ],
)  # fmt: skip
def test_what_can_not_be_compared_is_refused(rows: list[str], tasks: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        make_matrix([parse_row(row) for row in rows], tasks, [0], PLANTED)
