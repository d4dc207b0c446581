"""`promptwire schema` prints the JSON Schema of pipeline files."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from promptwire.cli.app import app


def test_the_output_is_one_json_schema() -> None:
    assert json.loads(CliRunner().invoke(app, ["schema"]).output)["title"] == "promptwire pipeline"
