"""`promptwire try` shows a request and what would be read out of a reply."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import UsageError


def tried(*words: str) -> str:
    done = CliRunner().invoke(app, ["try", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_step_shows_roles_made_up_values_and_what_is_read() -> None:
    said = tried("protegi", "search.expand.family.edits", "--task", "sums")
    assert "search.expand.family.edits   edit   meta model   protegi/edit.j2" in said
    assert "made up: critique, failures (4)" in said
    assert "--- user" in said
    assert "the text between <START> and <END>, each of them" in said


def test_a_template_alone_is_enough() -> None:
    assert tried("opro/meta.j2").startswith("search.ideas   generate")


def test_a_reply_is_read_from_the_command_line_and_from_a_file(tmp_path: Path) -> None:
    assert "--- the reply is read as 1 answer\n> Better." in tried(
        "opro", "search.ideas", "--reply", "<instruction>Better.</instruction>"
    )
    (tmp_path / "reply.txt").write_text("no tag")
    assert "--- the reply is unreadable" in tried("opro", "search.ideas", "--reply", str(tmp_path / "reply.txt"))


def test_json_holds_the_request_and_the_reading() -> None:
    (one,) = json.loads(tried("opro", "first", "--task", "sums", "--reply", "x", "--json"))
    assert (one["step"], one["role"], one["read"]["value"]) == ("first", "task", 0.0)
    assert one["request"]["messages"][0]["role"] == "user"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["opro"], "steps: first, search.ideas, search.scores"),
        (["opro", "search.idea"], "did you mean 'search.ideas'?"),
        (["opro", "first"], "--task TASK"),
        (["opro/met.j2"], "did you mean 'opro/meta.j2'?"),
    ],
)
def test_what_has_no_request_is_one_error_with_a_hint(words: list[str], said: str) -> None:
    error = CliRunner().invoke(app, ["try", *words]).exception
    assert isinstance(error, UsageError)
    assert said in str(error)
