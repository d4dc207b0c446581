"""Data sets of the Hugging Face Hub: names, labels as texts, and one clear error offline."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from promptwire.errors import DataError
from promptwire.tasks.readers import read_examples
from promptwire.tasks.reading.hub import HubName, parse_hub_name
from promptwire.tasks.task import load_task


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hf:openai/gsm8k:train", HubName("openai/gsm8k", None, None, "train")),
        ("hf:openai/gsm8k/main:test", HubName("openai/gsm8k", "main", None, "test")),
        ("hf:a-b/c.d/e@refs/pr/1:train", HubName("a-b/c.d", "e", "refs/pr/1", "train")),
        ("hf:a/b@0123abc:validation", HubName("a/b", None, "0123abc", "validation")),
    ],
)
def test_a_name_has_owner_name_config_revision_and_split(text: str, name: HubName) -> None:
    assert parse_hub_name(text) == name


@pytest.mark.parametrize("text", ["hf:", "hf:gsm8k:train", "hf:a/b", "hf:a/b:", "hf:../b:train/x", "hf:a/b:train[:5%]"])
def test_a_name_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"names no split") as caught:
        parse_hub_name(text)
    assert "hf:OWNER/NAME[/CONFIG][@REVISION]:SPLIT" in caught.value.hint


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A hub with one data set, made by the real library; the list holds what was asked for."""
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"input": datasets.Value("string"), "output": datasets.ClassLabel(names=["bad", "good"])})
    data = datasets.Dataset.from_dict({"input": ["a", "b"], "output": [1, 0]}, features=features)
    asked: list[Any] = []

    def load(*args: Any, **named: Any) -> Any:
        asked.append((args, named))
        return data

    monkeypatch.setattr(datasets, "load_dataset", load)
    return asked


def test_labels_are_read_as_names_and_no_token_is_sent(hub: list[Any]) -> None:
    found = read_examples("hf:me/reviews/small@v1:train")
    assert [(one.input, one.outputs) for one in found.examples.items] == [("a", ("good",)), ("b", ("bad",))]
    assert found.notes == ("labels of 'output' are read as the names of their classes",)
    assert hub == [(("me/reviews", "small"), {"split": "train", "revision": "v1", "token": False})]


def test_a_task_is_made_of_a_data_set(hub: list[Any]) -> None:
    task = load_task("hf:me/reviews:train", {"prompt": "Say it."})
    assert (len(task.train), len(task.test), len(hub)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("raised", "problem"),
    [
        (
            ConnectionError("Couldn't reach it"),
            "the Hugging Face Hub can't be reached, and the data set is not on this machine",
        ),
        (ValueError("BuilderConfig 'x' not found"), "the data set can't be loaded: BuilderConfig 'x' not found"),
        (type("DatasetNotFoundError", (FileNotFoundError,), {})("no"), "there is no such public data set on the Hub"),
    ],
)
def test_what_goes_wrong_is_one_error(raised: Exception, problem: str, hub: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **named: Any) -> Any:
        raise raised

    monkeypatch.setattr(sys.modules["datasets"], "load_dataset", fail)
    with pytest.raises(DataError, match=problem) as caught:
        read_examples("hf:me/reviews:train")
    assert caught.value.where == "hf:me/reviews:train" and caught.value.hint


def test_a_missing_library_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match="needs `datasets`") as caught:
        read_examples("hf:me/reviews:train")
    assert caught.value.hint == "pip install 'promptwire[datasets]'"
