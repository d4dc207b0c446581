"""`promptwire export`: what it prints, and that its forms are those of the table."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.cli.export import To
from promptwire.errors import UsageError
from promptwire.exporting.forms.table import FORMS, find_form


def test_the_forms_of_the_command_are_those_of_the_table() -> None:
    assert [one.value for one in To] == [*FORMS]


def test_each_form_has_the_name_of_its_row() -> None:
    assert [find_form(name).name for name in FORMS] == [*FORMS]


@pytest.mark.parametrize("flags", [["--model", "openai/m"], ["--api-base", "http://127.0.0.1:9"], ["--limit", "calls=1"]])
def test_a_model_without_verify_is_refused_since_the_export_holds_that_of_the_run(flags: list[str]) -> None:
    with pytest.raises(UsageError, match="only for --verify"):
        CliRunner().invoke(app, ["export", "last", "--to", "text", *flags], catch_exceptions=False)
