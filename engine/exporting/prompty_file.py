"""Parts of a file of Prompty: its front matter, and which texts its parser leaves as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from promptwire.documents.yaml_reader import dump_yaml
from promptwire.exporting.yaml_text import json_of_yaml

__all__ = ["BOUNDARY", "front_matter", "survives"]

BOUNDARY: Final = re.compile(
    r"^\s*#?\s*(assistant|developer|system|user)"
    r"(\[(?:\w++\s*+=\s*+(?:\"[^\"]*\"|[^\",\]]*+)\s*+,?+\s*+)+\])?\s*:\s*$",
    re.IGNORECASE,
)
"""A line that starts a message, as Prompty 2.1 has it."""
_ENDS: Final = re.compile("---|\\+\\+\\+")
"""What ends the front matter wherever it stands, also in the middle of a text."""
_BREAKS: Final = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Line breaks that Prompty turns into another."""
_TWICE: Final = re.compile(r"--|\+\+")


def survives(text: str) -> bool:
    """Whether a message with this text is read as it was written."""
    return not _BREAKS.search(text) and not any(BOUNDARY.match(line.strip()) for line in text.split("\n"))


def front_matter(data: Mapping[str, Any]) -> str:
    """The front matter with `data` between its marks: YAML, or its subset JSON where a text would end it early."""
    text = dump_yaml(dict(data))
    if _ENDS.search(text):
        text = _TWICE.sub(lambda found: f"{found[0][0]}\\u{ord(found[0][0]):04x}", json_of_yaml(data, indent=1)) + "\n"
    return f"---\n{text}---\n"
