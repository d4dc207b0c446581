"""Steps of a checked graph."""

from __future__ import annotations

import pytest

from promptwire.graph.steps import ModelCallSpec, Ref


@pytest.mark.parametrize(("ref", "text"), [(Ref("seed"), "$seed"), (Ref("graded", "scores"), "$graded.scores")])
def test_a_reference_is_printed_as_in_yaml(ref: Ref, text: str) -> None:
    assert str(ref) == text


def test_only_on_error_retry_starts_the_tries_again() -> None:
    assert ModelCallSpec(role="task", on_error="retry").rounds == 3
    assert ModelCallSpec(role="task", on_error="retry", retries=1).rounds == 1
    assert [ModelCallSpec(role="task", on_error=way, retries=5).rounds for way in ("fail", "skip")] == [0, 0]
