"""Settings of local models reach the backend of each role: from the name, the task, the pipeline and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backends.local import LocalBackend
from promptwire.backends.scripted import ScriptedBackend
from promptwire.node import Role
from promptwire.options import Options
from promptwire.prepared import prepare

PIPELINE = """
promptwire: 1
extends: random-search
override:
  models: {task: {local: {context: 1024, threads: 4}}, meta: {local: {context: 2048}, temperature: 0.7}}
"""
TASK = """
promptwire: 1
prompt: Say it.
data: {train: train.csv}
models: {task: {local: {context: 512}}}
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A pipeline and a task with settings of local models."""
    for name in ("CONTEXT", "THREADS", "SLOTS", "GPU_LAYERS", "MODEL"):
        monkeypatch.delenv(f"PROMPTWIRE_{name}", raising=False)
    (tmp_path / "p.yaml").write_text(PIPELINE)
    (tmp_path / "t.yaml").write_text(TASK)
    (tmp_path / "train.csv").write_text("input,output\n" + "".join(f"w{n},o{n}\n" for n in range(8)))
    return str(tmp_path / "p.yaml"), str(tmp_path / "t.yaml")


def settings(files: tuple[str, str], models: dict[Role, str]) -> dict[str, dict[str, int]]:
    found = prepare(*files, Options(models=models)).models
    local = {role: backend for role, backend in found.items() if isinstance(backend, LocalBackend)}
    return {role: backend._settings.model_dump(exclude_none=True) for role, backend in local.items()}


def test_the_task_goes_before_the_pipeline_and_the_name_before_both(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTWIRE_THREADS", "8")
    plain = settings(files, {"task": "local"})
    assert plain["task"] == {"context": 512, "threads": 4}
    assert plain["meta"] == {"context": 2048, "threads": 8}
    named = settings(files, {"task": "local,context=256", "meta": "local,slots=2"})
    assert named["task"] == {"context": 256, "threads": 4}
    assert named["meta"] == {"context": 2048, "threads": 8, "slots": 2}


def test_roles_share_a_model_only_with_the_same_settings(files: tuple[str, str]) -> None:
    apart = prepare(*files, Options()).models
    assert apart["task"] is not apart["meta"]
    together = prepare("random-search", "antonyms", Options()).models
    assert together["task"] is together["meta"] is together["judge"]


def test_other_models_share_a_backend_whatever_the_local_settings_are(files: tuple[str, str]) -> None:
    models = prepare(*files, Options(models={"task": "scripted:echo"})).models
    assert models["task"] is models["meta"]
    assert isinstance(models["task"], ScriptedBackend)
