"""Texts in YAML files; PyYAML itself is the judge."""

from __future__ import annotations

import pytest
import yaml

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.exporting.yaml_text import json_of_yaml, yaml_field
from tests.sample_exports import NASTY


@pytest.mark.parametrize(
    "text", [*NASTY, "a\n", "a\n\n b", " a\nb", "# a\nb", "a\n\n\nb", "\ta\nb", "a\n---\nb", "a\n...\nb", "\x7f\x00"]
)
def test_a_field_is_read_as_the_text_that_was_written(text: str) -> None:
    written = yaml_field("field", text) + "after: 1\n"
    assert yaml.safe_load(written) == {"field": text, "after": 1}
    assert read_yaml_text(written, "test").data == {"field": text, "after": 1}
    assert yaml.safe_load(json_of_yaml({"field": [text]}, indent=1)) == {"field": [text]}


def test_a_text_of_several_lines_stands_in_lines_of_its_own() -> None:
    assert yaml_field("field", "a: b\n\n  c") == "field: |-\n  a: b\n\n    c\n"
