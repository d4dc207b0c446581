"""What a search's own rows say of the prompt that it chose."""

from __future__ import annotations

from promptwire.running.search_choice import SearchChoice, search_choice
from promptwire.stats.optimism import expected_optimism
from promptwire.values import Row


def rows(prompt: str, *values: float) -> tuple[Row, ...]:
    return tuple(Row(prompt, f"x{number}", "", "", value) for number, value in enumerate(values))


TABLES = {"a": rows("a", 1, 1, 0, 1), "b": rows("b", 0, 1, 1, 0), "few": rows("few", 1)}


async def test_the_choice_has_its_score_and_the_optimism_of_those_with_enough_rows() -> None:
    found = await search_choice(TABLES, "a", "exact")
    rivals = [{row.example: row.value for row in TABLES[name]} for name in ("a", "b")]
    assert found == SearchChoice(0.75, expected_optimism(rivals))


async def test_a_prompt_that_was_not_scored_has_neither() -> None:
    assert await search_choice(TABLES, "unknown", "exact") == SearchChoice(None, None)
