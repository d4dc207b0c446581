"""Providers as `--model` and `--api-base`, with their settings."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.documents.yaml_reader import dump_yaml, read_yaml_text
from promptwire.tasks.promptfoo.providers import Provider, read_provider


def read(given: Any) -> tuple[Provider, list[str]]:
    notes: list[str] = []
    root = read_yaml_text(dump_yaml({"providers": given} if given is not None else {"prompts": []}), "c.yaml").root
    return read_provider(root, notes.append), notes


@pytest.mark.parametrize(
    ("given", "model"),
    [
        (None, ""),
        ("openai:gpt-4o", "openai/gpt-4o"),
        (["openai:chat:ft:gpt-4o:acme::x"], "openai/ft:gpt-4o:acme::x"),
        (["openai:responses:gpt-4o-mini"], "openai/gpt-4o-mini"),
        (["anthropic:messages:claude-x"], "anthropic/claude-x"),
        (["ollama:chat:llama3"], "ollama/llama3"),
        ([{"id": "groq:m"}], "groq/m"),
        ([{"openai:gpt-4o": {"config": {"temperature": 1}}}], "openai/gpt-4o"),
    ],
)
def test_a_provider_is_this_model(given: Any, model: str) -> None:
    found, notes = read(given)
    assert (found.model, notes) == (model, [])


@pytest.mark.parametrize(
    "given", ["file://provider.js", "exec:run.sh", "openai:", "openai:assistant:x", "{{env.MODEL}}", {"config": {}}, 7]
)
def test_a_provider_without_counterpart_is_a_note(given: Any) -> None:
    found, notes = read([given])
    assert found.model == ""
    assert "the provider has no counterpart; name the task model with --model" in notes[-1]


def test_settings_are_taken_over_and_keys_and_the_rest_are_not() -> None:
    config = {
        "temperature": 0.5, "max_output_tokens": 9, "top_p": 1, "stop": ["x"], "seed": 4, "response_format": {"type": "json_object"},
        "apiKey": "sk-secret", "apiBaseUrl": "http://127.0.0.1:1/v1", "tools": [], "organization": "{{env.ORG}}",
    }  # fmt: skip
    found, notes = read([{"id": "openai:gpt-4o", "config": config}, "openai:gpt-4o-mini"])
    assert found.settings == {
        "temperature": 0.5, "max_tokens": 9, "top_p": 1, "stop": ["x"],
        "extra": {"seed": 4, "response_format": {"type": "json_object"}},
    }  # fmt: skip
    assert found.api_base == "http://127.0.0.1:1/v1"
    assert "sk-secret" not in str((found, notes))
    assert [note.partition(": ")[2] for note in notes] == [
        "of 2 providers the first is suggested; a run has one task model, `sweep` has many",
        "the setting 'tools' of the provider is left out",
        "'organization' is filled in by promptfoo and is left out",
    ]
