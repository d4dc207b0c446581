"""Faults of data are said with their places, and what the test examples can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.task_init.draft import draft_task
from promptwire.task_init.guess import Given
from tests.data_tables import rows, table

USUAL = rows(40)


def warnings(folder: Path, **files: str) -> tuple[str, ...]:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    return draft_task(str(folder), Given(), folder / "task.yaml").checked.warnings


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([("", "good")], "1 row has an empty input: a.csv:42"),
        (
            [(USUAL[0][0], "bad")],
            "1 row has the input of an earlier row and another output: a.csv:42 ('bad', before it 'good')",
        ),
        ([USUAL[0], USUAL[1]], "2 rows have input and output of an earlier row, and count once: a.csv:42, 43"),
        (
            [("odd", "Good"), ("even", "good ")],
            "labels that differ only in case or blanks count as one: 'good' (21) and 'Good' (1)",
        ),
        ([("odd", "rare"), ("even", "rare")], "rare labels: 'rare' (2): below 5 rows a label shows little"),
        ([], "20 held-out examples show a gain of 0.35 or more; a gain of 0.05 takes 626"),
    ],
)
def test_a_fault_is_said_with_its_lines(tmp_path: Path, more: list[tuple[str, str]], said: str) -> None:
    assert said in warnings(tmp_path, a=table("text,label", [*USUAL, *more]))


def test_inputs_of_train_in_test_and_labels_without_examples_are_said(tmp_path: Path) -> None:
    train = table("text,label", USUAL)
    test = table("text,label", [USUAL[3], *[(f"{text} again", "good") for text, _ in USUAL]])
    found = warnings(tmp_path, train=train, test=test)
    assert "1 row has an input that another split has too, so scores come out too high: test.csv:2" in found
    only = warnings(tmp_path, test=table("text,label", [(f"{text} again", "good") for text, _ in USUAL]))
    assert "no test example has the label 'bad'" in only


def test_sound_data_have_no_warning_but_that_of_their_number(tmp_path: Path) -> None:
    assert warnings(tmp_path, a=table("text,label", rows(1400))) == ()
