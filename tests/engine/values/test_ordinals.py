"""Equal questions are numbered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promptwire.values.ordinals import ordinals


@given(st.lists(st.integers(0, 3)))
def test_key_and_number_together_are_unique_and_numbers_have_no_gap(keys: list[int]) -> None:
    pairs = list(zip(keys, ordinals(keys), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) == {(key, number) for key in keys for number in range(keys.count(key))}
