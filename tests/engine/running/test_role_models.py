"""Backends of the roles: roles with the same model and address share one."""

from __future__ import annotations

import pytest

from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.errors import UsageError
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.options import Options
from promptwire.running.role_models import role_models
from promptwire.tasks.task import load_task


def models(options: Options) -> dict[str, OpenAICompatible]:
    """The backends of all roles, by name."""
    made = role_models(options, None, Limits(), graph=load_graph("ape"), task=load_task("planted"))
    return {role: backend for role, backend in made.items() if isinstance(backend, OpenAICompatible)}


def test_an_address_of_the_environment_names_the_provider_as_openai_base_url_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A given address sends the name as it is; one of the environment takes `openai/` for the provider."""
    options = Options(models={"task": "openai/a/b", "judge": "openai/c"}, api_bases={"judge": "http://127.0.0.1:2/v1"})
    monkeypatch.setenv("PROMPTWIRE_TASK_API_BASE", "http://127.0.0.1:1/v1")
    found = models(options)
    assert found["task"] is found["meta"] and found["task"] is not found["judge"]
    assert (found["task"].name, found["judge"].name) == ("openai/a/b", "openai/c")
    monkeypatch.delenv("PROMPTWIRE_TASK_API_BASE")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert models(options)["task"].identity == found["task"].identity
    given = models(options.model_copy(update={"api_bases": {"task": "http://127.0.0.1:1/v1"}}))
    assert given["task"].identity != found["task"].identity


def test_an_invalid_address_of_the_environment_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_META_API_BASE", "node1:8000")
    with pytest.raises(UsageError, match="PROMPTWIRE_META_API_BASE: 'node1:8000' is not an address"):
        models(Options(models={"task": "scripted:planted", "meta": "x"}))
