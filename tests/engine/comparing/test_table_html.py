"""A comparison in a notebook: its numbers, with all text escaped."""

from __future__ import annotations

from html import escape

from promptwire.comparing.table import make_table
from tests.engine.comparing.cells import NAME, hostile_table, world


def test_a_table_is_shown_with_what_was_found_and_what_is_missing() -> None:
    shown = hostile_table()._repr_html_()
    assert f"<b>mood: {escape(NAME)} leads: it is better than every other row.</b>" in shown
    assert f"failed: {escape(NAME)} on sums, seed 2" in shown
    assert "<script" not in shown and "<img" not in shown


def test_one_task_is_not_named_in_each_sentence() -> None:
    shown = make_table(world({"ape": 0.9}))._repr_html_()
    assert "<b>ape leads: it is better than every other row.</b>" in shown and shown.count("<table>") == 3
