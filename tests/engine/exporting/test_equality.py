"""Requests of a form beside those of the run."""

from __future__ import annotations

from pathlib import Path

from promptwire.exporting.equality import compare_requests
from promptwire.exporting.form import Unsendable
from promptwire.results.request_pattern import Sent
from promptwire.values import Example, Prompt
from tests.sample_exports import made_export


def test_an_example_that_the_other_tool_refuses_is_unequal_and_says_why(tmp_path: Path) -> None:
    source = made_export(
        tmp_path / "run", Prompt(text="Say it."), [Example(input=text, outputs=("x",)) for text in ("a", "user:")]
    )

    def reader(example: Example) -> Sent:
        if example.input == "user:":
            raise Unsendable("a line is the name of a role")
        return source.pattern.sent(example)

    requests = compare_requests(source, reader)
    assert (requests.n, requests.equal) == (2, 1)
    assert requests.unequal[0].sentence.endswith("is not sent: a line is the name of a role")
