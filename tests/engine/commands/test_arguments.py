"""Arguments that several commands take."""

from __future__ import annotations

import pytest

from promptwire.commands.arguments import pairs
from promptwire.errors import UsageError


def test_a_value_may_hold_an_equals_sign() -> None:
    assert pairs(["a=b=c", "d="], "-p") == {"a": "b=c", "d": ""}


@pytest.mark.parametrize("item", ["a", "=b", ""])
def test_what_is_no_pair_is_refused(item: str) -> None:
    with pytest.raises(UsageError, match="key=value"):
        pairs([item], "-p")
