"""File names in a bundle: a name that leads out is refused, on every operating system."""

from __future__ import annotations

import pytest

from promptwire.bundles.files import safe_path
from promptwire.errors import RunError


@pytest.mark.parametrize(
    "name",
    [
        "a/" * 1000 + "a",
        "x" * 5000,
        "/".join(["x" * 150] * 10),
        "\ud800",
        "a\0b",
        "../x",
        "/etc/passwd",
        "a//b",
        "C:\\x",
        "a/.",
        "x ",
        "",
    ],
)
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="invalid file name in the bundle") as caught:
        safe_path(name)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["mine.yaml", "data/train.jsonl", "été/中文 😀.j2", "/".join("a" * 32)])
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    assert str(safe_path(name)) == name
