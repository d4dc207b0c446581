"""Notes keep their severity in the text that is stored."""

from __future__ import annotations

import pytest

from promptwire.values.notes import Note, read_note, warning


@pytest.mark.parametrize(
    ("stored", "note"),
    [
        (warning("3 rows left out"), Note("warning", "3 rows left out")),
        ("warning: 3 rows left out", Note("warning", "3 rows left out")),
        ("3 duplicates", Note("info", "3 duplicates")),
        ("no warning: all is well", Note("info", "no warning: all is well")),
        ("", Note("info", "")),
    ],
)
def test_a_stored_note_is_read_with_its_severity(stored: str, note: Note) -> None:
    assert read_note(stored) == note
