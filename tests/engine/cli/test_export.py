"""`promptwire export`: what it prints, and that its forms are those of the table."""

from __future__ import annotations

from promptwire.cli.export import To
from promptwire.exporting.forms.table import FORMS, find_form


def test_the_forms_of_the_command_are_those_of_the_table() -> None:
    assert [one.value for one in To] == [*FORMS]


def test_each_form_has_the_name_of_its_row() -> None:
    assert [find_form(name).name for name in FORMS] == [*FORMS]
