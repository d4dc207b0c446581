"""Parsing of arguments that several commands share."""

from __future__ import annotations

import pytest

from promptwire.cli.arguments import pairs
from promptwire.cli.run_options import parse_lists, task_changes
from promptwire.errors import UsageError
from promptwire.tasks.task import load_task


def test_a_value_may_hold_an_equals_sign() -> None:
    assert pairs(["a=b=c", "d="], "-p") == {"a": "b=c", "d": ""}


@pytest.mark.parametrize("item", ["a", "=b", ""])
def test_an_item_without_key_and_value_is_refused(item: str) -> None:
    with pytest.raises(UsageError, match="key=value"):
        pairs([item], "-p")


def test_two_prompts_are_a_list_and_one_is_a_text() -> None:
    assert task_changes(["A", "B"], None, None, "x,y") == {"prompt": ["A", "B"], "labels": ["x", "y"]}
    assert task_changes([""], "exact", None, None) == {"prompt": "", "metric": "exact"}
    assert len(load_task("planted", task_changes(["A", "B"], None, None, None)).prompts) == 2


@pytest.mark.parametrize(
    ("models", "found"),
    [
        (["local,slots=2"], {"task": "local,slots=2"}),
        (["task=local:a.gguf,context=512,threads=1,meta=b"], {"task": "local:a.gguf,context=512,threads=1", "meta": "b"}),
        (["task=a,meta=local,slots=2"], {"task": "a", "meta": "local,slots=2"}),
    ],
)
def test_settings_after_a_local_model_belong_to_it(models: list[str], found: dict[str, str]) -> None:
    assert parse_lists(models, None, None, None, None)["models"] == found


def test_settings_after_another_model_are_refused() -> None:
    with pytest.raises(UsageError, match="no role 'slots'"):
        parse_lists(["openai/m,slots=2"], None, None, None, None)
