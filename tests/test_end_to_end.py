"""The real thing: the embedded model optimizes a prompt, alone and through its own OpenAI-compatible address.

The model file is fetched by `make test`, before any test runs; no test fetches anything.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from promptwire.api import run_async
from promptwire.backends.known_models import KNOWN
from promptwire.backends.local import LocalBackend
from promptwire.options import Options

pytestmark = pytest.mark.heavy

SMALL = {"n": "3", "scored_on": "6", "first": "3", "width": "2"}
ROWS = [
    ("I loved every minute of it.", "positive"),
    ("The soup was cold and the bread was stale.", "negative"),
    ("What a wonderful surprise!", "positive"),
    ("He broke it and never said sorry.", "negative"),
    ("The view from up there is marvellous.", "positive"),
    ("A boring, endless evening.", "negative"),
    ("She sings beautifully.", "positive"),
    ("My phone died again after an hour.", "negative"),
    ("Best holiday we ever had.", "positive"),
    ("The seats were dirty and the staff rude.", "negative"),
    ("Thank you for this lovely gift.", "positive"),
    ("I want my money back.", "negative"),
]


@pytest.fixture
def mood(tmp_path: Path) -> str:
    """A small task: six sentences to learn from, six held out."""
    for name, rows in (("train", ROWS[:6]), ("test", ROWS[6:])):
        text = "\n".join(json.dumps({"input": sentence, "output": label}) for sentence, label in rows)
        (tmp_path / f"{name}.jsonl").write_text(text)
    return str(tmp_path)


CHOICE = {
    "prompt": "Classify the sentiment of the sentence as positive or negative.",
    "metric": "choice",
    "labels": ["positive", "negative"],
    "template": "task/completion.j2",
}


@pytest.fixture
async def server() -> AsyncIterator[LocalBackend]:
    """The embedded model's own server."""
    assert KNOWN["local"].present, "the model file is not there: run `promptwire models --fetch local`"
    embedded = LocalBackend()
    await embedded.open()
    yield embedded
    await embedded.close()


async def test_the_embedded_model_optimizes_a_prompt_and_the_rerun_is_free_and_the_same(mood: str) -> None:
    options = Options(models={"task": "local"}, params=SMALL, task=CHOICE)
    first = await run_async("ape-paraphrase", mood, options)
    again = await run_async("ape-paraphrase", mood, options)
    assert first.calls.new > 20
    assert (first.test.best.n, first.calls.failed) == (6, 0)
    assert first.cost_usd == 0.0
    assert again.calls.new == 0
    assert (again.prompt, again.test, again.train) == (first.prompt, first.test, first.train)


@pytest.mark.parametrize("model", ["local-model", "litellm:openai/local-model"])
async def test_an_openai_compatible_address_is_reached_directly_and_through_litellm(
    server: LocalBackend, model: str, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", server.key)
    task = {"prompt": "Is it nice?", "metric": "contains", "template": "task/chat.j2", "settings": {"max_tokens": 4}}
    options = Options(models={"task": model}, api_bases={"task": f"{server.url}/v1"}, params=SMALL, task=task)
    report = await run_async("ape-paraphrase", mood, options)
    assert (report.calls.failed, report.test.best.n) == (0, 6)
    assert report.tokens_out > 0
    assert server.key not in Path(report.run, "events.jsonl").read_text() + report.model_dump_json()
