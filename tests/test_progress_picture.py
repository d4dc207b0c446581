"""The picture of the progress display in the docs: small, without an address, and with every part that its page explains."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

PICTURE = Path(__file__).parent.parent / "docs" / "static" / "progress.svg"
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_small_and_asks_no_server() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    assert len(text) < 10_000
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@import|@font-face|<script|href", text)


def test_the_picture_shows_every_line_that_the_page_explains() -> None:
    tree = ElementTree.fromstring(PICTURE.read_text(encoding="utf-8"))  # noqa: S314 - a file of the project
    words = " ".join("".join(part.itertext()) for part in tree.iter(f"{SVG}text")).replace("\xa0", " ")
    for part in (
        r"search: round \d of \d", r"best so far 0\.\d{3} \(n=\d+\)", r"\d+/\d+ calls", r"\d+ new calls, \d+ from cache \(\d+%\)",
        r"[\d.]+ calls/s", r"\d+ in flight", r"\d+ of 1,000 calls", r"at most \d:\d\d left", r"sent again, the next in 0:\d\d: status 429",
    ):  # fmt: skip
        assert re.search(part, words), part
