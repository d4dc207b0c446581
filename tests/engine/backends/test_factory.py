"""Model names give backends without heavy imports, and typos are reported at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from promptwire.backends.factory import backend
from promptwire.backends.litellm_backend import LiteLLMBackend
from promptwire.backends.local import LocalBackend
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import UsageError

BASE = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("name", "base", "kind", "model"),
    [
        ("openai/gpt-4o-mini", None, LiteLLMBackend, "openai/gpt-4o-mini"),
        ("ollama/llama3:8b", None, LiteLLMBackend, "ollama/llama3:8b"),
        ("gpt-4o-mini", None, LiteLLMBackend, "gpt-4o-mini"),
        ("openai/gpt-oss-20b", BASE, OpenAICompatible, "openai/gpt-oss-20b"),
        ("anthropic/claude-x", BASE, OpenAICompatible, "anthropic/claude-x"),
        ("azure/gpt-4o", BASE, OpenAICompatible, "azure/gpt-4o"),
        ("meta-llama/Llama-3-8B", BASE, OpenAICompatible, "meta-llama/Llama-3-8B"),
        ("hosted_vllm/org/model", BASE, OpenAICompatible, "hosted_vllm/org/model"),
        ("llama3:8b", BASE, OpenAICompatible, "llama3:8b"),
        ("ollama/llama3", BASE, OpenAICompatible, "ollama/llama3"),
        ("litellm:ollama/llama3", BASE, LiteLLMBackend, "ollama/llama3"),
        ("litellm:openai/gpt-4o-mini", None, LiteLLMBackend, "openai/gpt-4o-mini"),
        ("litellm:openai/gpt-4o-mini", BASE, LiteLLMBackend, "openai/gpt-4o-mini"),
    ],
)
def test_a_name_selects_backend_and_model(
    name: str, base: str | None, kind: type[OpenAICompatible | LiteLLMBackend], model: str
) -> None:
    made = backend(name, api_base=base)
    assert isinstance(made, kind)
    assert made.model == model
    assert made.name == name


def test_the_environments_address_is_used_for_openai_and_bare_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", BASE)
    named = backend("openai/m")
    assert isinstance(named, OpenAICompatible) and named.model == "m"
    assert isinstance(backend("m:8b"), OpenAICompatible)
    assert isinstance(backend("anthropic/m"), LiteLLMBackend)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8/v1")
    made = backend("m")
    assert isinstance(made, OpenAICompatible) and made.base == "http://127.0.0.1:8/v1"
    made = backend("m", api_base=BASE)
    assert isinstance(made, OpenAICompatible) and made.base == BASE


def test_a_role_may_have_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for all")
    monkeypatch.setenv("PROMPTWIRE_META_API_KEY", "for meta")
    keys = [
        made._key
        for role in ("task", "meta", "")
        if isinstance(made := backend("m", api_base=BASE, role=role), OpenAICompatible)
    ]
    assert keys == ["for all", "for meta", "for all"]


def test_parallel_is_passed_on() -> None:
    assert backend("m", api_base=BASE, parallel=7).parallel == 7
    with pytest.raises(UsageError, match="at least 1"):
        backend("m", api_base=BASE, parallel=0)


@pytest.mark.parametrize("name", ["m", "anthropic/m", "local"])
def test_a_timeout_above_the_default_is_passed_on(name: str) -> None:
    address = BASE if name == "m" else None
    told, usual = backend(name, api_base=address, timeout=1200.0), backend(name, api_base=address)
    assert isinstance(told, OpenAICompatible | LiteLLMBackend | LocalBackend) and isinstance(
        usual, OpenAICompatible | LiteLLMBackend | LocalBackend
    )
    assert (told.timeout, usual.timeout) == (1200.0, 600.0)


def test_local_is_the_embedded_model_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    assert isinstance(backend("local"), LocalBackend)
    assert isinstance(backend(f"local:{tmp_path / 'm.gguf'}"), LocalBackend)


@pytest.mark.parametrize(
    ("name", "text"), [("s.yaml", "- reply: yes it is\n"), ("s.json", json.dumps([{"reply": "yes it is"}]))]
)
async def test_a_script_is_read_from_yaml_or_json(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    made = backend(f"scripted:{tmp_path / name}")
    assert isinstance(made, ScriptedBackend)
    assert isinstance(backend("scripted:echo"), ScriptedBackend)


@pytest.mark.parametrize(
    ("name", "base", "problem"),
    [
        ("", None, "not a model name"),
        (" local", None, "not a model name"),
        ("gpt 4", None, "not a model name"),
        ("locl", None, "did you mean 'local'"),
        ("Local", None, "did you mean 'local'"),
        ("lokal:/x.gguf", None, "did you mean 'local'"),
        ("scriptd:x.yaml", None, "did you mean 'scripted'"),
        ("unknown:thing", None, "such as local"),
        ("local:/no/such.gguf", None, "no model file"),
        ("local:", None, "no model file"),
        ("scripted:/no/such.yaml", None, "no script"),
        ("scripted:", None, "no script"),
        ("scripted", None, "no script"),
        ("litellm:", None, "lacks a model name"),
        ("local", BASE, "takes no address"),
        ("m", "127.0.0.1:8000", "not an address"),
        ("m", "ftp://x", "not an address"),
        ("m", "http://", "not an address"),
    ],
)
def test_an_invalid_name_or_address_is_refused(name: str, base: str | None, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        backend(name, api_base=base)


def test_errors_of_script_and_environment_name_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.yaml").write_text("- reply: [")
    with pytest.raises(UsageError, match=r"s\.yaml:"):
        backend(f"scripted:{tmp_path / 's.yaml'}")
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost")
    with pytest.raises(UsageError, match="OPENAI_BASE_URL"):
        backend("m")


def test_making_a_backend_imports_no_heavy_library() -> None:
    code = (
        "import sys; from promptwire.backends.factory import backend;"
        "backend('openai/m'); backend('m', api_base='http://127.0.0.1:9/v1'); backend('scripted:echo'); backend('local');"
        "print([name for name in ('litellm', 'openai', 'aiohttp', 'xllamacpp', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
