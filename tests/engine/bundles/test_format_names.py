"""Names of files in a bundle: those that are no path inside are refused, on every system alike."""

from __future__ import annotations

import pytest

from promptwire.bundles.format import safe
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
def test_a_name_that_no_bundle_may_hold_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="is no name of a file in a bundle") as caught:
        safe(name)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["mine.yaml", "data/train.jsonl", "été/中文 😀.j2", "/".join("a" * 32)])
def test_an_ordinary_name_is_kept(name: str) -> None:
    assert str(safe(name)) == name
