"""What Prompty's parser leaves as it is, and front matter that ends where it should."""

from __future__ import annotations

import re

import pytest
import yaml

from promptwire.exporting.prompty_file import front_matter, survives
from tests.sample_exports import NASTY

PROMPTY = re.compile(r"^\s*(?:---|\+\+\+)(.*?)(?:---|\+\+\+)\s*(.+)$", re.S | re.M)
"""How Prompty finds the front matter."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\ntwo lines", True),
        ("the user: says", True),
        ("user: x", True),
        ("a\nuser:", False),
        ("a\n  # System :  ", False),
        ('a\nassistant[name="x"]:', False),
        ("a\nDeveloper:\nb", False),
        ("tool:", True),
        ("a\u2028b", False),
        ("a\rb", False),
        ("a\x0cb", False),
        ("tab\there", True),
    ],
)
def test_a_text_survives_unless_it_holds_a_role_or_an_odd_line_break(text: str, expected: bool) -> None:
    assert survives(text) is expected


@pytest.mark.parametrize("text", [*NASTY, "---", "a----b", "+++", "+++++", "\n---\n", "-+-+--"])
def test_front_matter_is_read_whole_whatever_its_texts_hold(text: str) -> None:
    data = {"name": text, "inputs": [{"default": [{"content": text}]}], "n": 1.5, "yes": True}
    found = PROMPTY.search(front_matter(data) + "user:\nx\n")
    assert found is not None
    assert yaml.safe_load(found[1]) == data
    assert found[2] == "user:\nx\n"
