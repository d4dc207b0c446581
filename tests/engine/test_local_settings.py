"""Settings of local models, in the model's name and in the environment."""

from __future__ import annotations

import pytest

from promptwire.errors import UsageError
from promptwire.local_settings import LocalSettings, is_local, split_settings


@pytest.mark.parametrize(
    ("name", "model", "settings"),
    [
        ("local", "local", LocalSettings()),
        ("local,context=4096", "local", LocalSettings(context=4096)),
        ("local:m.gguf,threads=4,slots=2", "local:m.gguf", LocalSettings(threads=4, slots=2)),
        ("local:a,b.gguf,gpu_layers=0", "local:a,b.gguf", LocalSettings(gpu_layers=0)),
        ("local:a,b.gguf", "local:a,b.gguf", LocalSettings()),
    ],
)
def test_settings_follow_the_name_of_a_model(name: str, model: str, settings: LocalSettings) -> None:
    assert split_settings(name) == (model, settings)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("local,contxt=1", "unknown setting 'contxt=1'"),
        ("local,context=many", "context=many"),
        ("local,context=1", "context=1: input should be greater"),
        ("local,slots=0", "slots=0"),
        ("local,threads=2,threads=3", "given twice"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(name: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        split_settings(name)


def test_the_environment_names_settings_and_its_errors_name_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_CONTEXT", "1024")
    monkeypatch.setenv("PROMPTWIRE_GPU_LAYERS", "")
    assert LocalSettings.of_environment() == LocalSettings(context=1024)
    monkeypatch.setenv("PROMPTWIRE_SLOTS", "two")
    with pytest.raises(UsageError, match=r"PROMPTWIRE_SLOTS.*slots=two"):
        LocalSettings.of_environment()


def test_own_settings_go_before_those_below() -> None:
    own = LocalSettings(context=1024).over(LocalSettings(context=2048, threads=4))
    assert own == LocalSettings(context=1024, threads=4)


@pytest.mark.parametrize(
    ("name", "local"),
    [("local", True), ("local,slots=2", True), ("local:x", True), ("localai", False), ("openai/local", False)],
)
def test_local_models_are_told_from_others(name: str, local: bool) -> None:
    assert is_local(name) is local
