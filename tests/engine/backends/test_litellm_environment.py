"""Variables that decide litellm's address are in the cache identity; keys and organizations are not."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from promptwire.backends.litellm_backend import LiteLLMBackend
from promptwire.backends.litellm_environment import describe, destination
from promptwire.backends.litellm_providers import providers
from promptwire.backends.prices import server
from promptwire.errors import ModelUnavailable

A, B = "http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("azure/x", "AZURE_API_BASE"),
        ("azure/x", "AZURE_API_VERSION"),
        ("azure/x", "OPENAI_API_VERSION"),
        ("azure_ai/x", "AZURE_AI_API_BASE"),
        ("hosted_vllm/x", "HOSTED_VLLM_API_BASE"),
        ("lm_studio/x", "LM_STUDIO_API_BASE"),
        ("openai/x", "OPENAI_BASE_URL"),
        ("openai/x", "OPENAI_API_BASE"),
        ("gpt-4o-mini", "OPENAI_BASE_URL"),
        ("text-completion-openai/x", "OPENAI_API_BASE"),
        ("anthropic/x", "ANTHROPIC_API_BASE"),
        ("anthropic/x", "ANTHROPIC_BASE_URL"),
        ("ollama/x", "OLLAMA_API_BASE"),
        ("ollama_chat/x", "OLLAMA_API_BASE"),
        ("gemini/x", "GEMINI_API_BASE"),
        ("vertex_ai/x", "VERTEXAI_LOCATION"),
        ("vertex_ai/x", "VERTEXAI_PROJECT"),
        ("bedrock/x", "AWS_REGION_NAME"),
        ("bedrock/x", "AWS_BEDROCK_RUNTIME_ENDPOINT"),
        ("watsonx/x", "WATSONX_URL"),
        ("databricks/x", "DATABRICKS_API_BASE"),
        ("cloudflare/x", "CLOUDFLARE_ACCOUNT_ID"),
        ("groq/x", "GROQ_API_BASE"),
        ("deepseek/x", "DEEPSEEK_API_BASE"),
        ("featherless_ai/x", "FEATHERLESS_API_BASE"),
        ("fireworks_ai/x", "FIREWORKS_API_BASE"),
        ("llamafile/x", "LLAMAFILE_API_BASE"),
        ("litellm_proxy/x", "LITELLM_PROXY_API_BASE"),
    ],
)
def test_each_value_of_a_variable_gives_another_identity(model: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [LiteLLMBackend(model).identity]
    for value in (A, B):
        monkeypatch.setenv(name, value)
        found.append(LiteLLMBackend(model).identity)
    assert found[0] == f"litellm {model}"
    assert len(set(found)) == 3 and A in found[1]


@pytest.mark.parametrize(
    ("provider", "base", "environ", "identity"),
    [
        ("azure", None, {}, ""),
        ("azure", None, {"AZURE_API_BASE": ""}, ""),
        ("azure", None, {"AZURE_API_BASE": A}, f" at {A}"),
        ("azure", None, {"AZURE_API_BASE": A, "AZURE_API_VERSION": "1"}, f" at {A} with AZURE_API_VERSION=1"),
        ("azure", A, {"AZURE_API_BASE": B, "AZURE_API_VERSION": "1"}, f" at {A} with AZURE_API_VERSION=1"),
        ("azure", A, {}, f" at {A}"),
        ("azure", None, {"AZURE_API_BASE": f"{A}?api-version=2"}, f" at {A}?api-version=2"),
        ("openai", None, {"OPENAI_API_BASE": A, "OPENAI_BASE_URL": B}, f" at {B} with OPENAI_API_BASE={A}"),
        ("openai", None, {"OPENAI_API_BASE": A, "OPENAI_BASE_URL": A}, f" at {A}"),
        ("openai", A, {"OPENAI_BASE_URL": B}, f" at {A}"),
        ("openai", None, {"OPENAI_ORGANIZATION": "o", "OPENAI_PROJECT_ID": "p", "OPENAI_API_KEY": "k"}, ""),
        ("anthropic", None, {"OPENAI_BASE_URL": A, "AZURE_API_BASE": B}, ""),
        ("hosted_vllm", None, {"HOSTED_VLLM_API_BASE": "http://me:pw-planted@h/v1"}, " at h/v1"),
        ("hosted_vllm", None, {"HOSTED_VLLM_API_BASE": "https://me:pw-planted@h/v1"}, " at https://h/v1"),
        ("hosted_vllm", None, {"HOSTED_VLLM_API_BASE": "http://h/v1?key=pw-planted"}, " at http://h/v1"),
        ("hosted_vllm", "http://h/run/@cf/m", {}, " at http://h/run/@cf/m"),
        (
            "groq",
            None,
            {"USE_LITELLM_PROXY": "True", "LITELLM_PROXY_API_BASE": A, "GROQ_API_BASE": B},
            f" at {A} with GROQ_API_BASE={B}, USE_LITELLM_PROXY=true",
        ),
    ],
)
def test_the_identity_names_variables_without_secrets(
    provider: str, base: str | None, environ: dict[str, str], identity: str
) -> None:
    assert describe(provider, base, environ) == identity


def test_a_given_address_and_one_of_the_environment_have_the_same_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    given = LiteLLMBackend("hosted_vllm/x", api_base=A).identity
    monkeypatch.setenv("HOSTED_VLLM_API_BASE", A)
    assert LiteLLMBackend("hosted_vllm/x").identity == given


def test_the_provider_of_a_bare_name_is_from_litellms_list() -> None:
    assert [server(name) for name in ("gpt-4o-mini", "claude-sonnet-4-5", "azure/x", "no-such-model")] == [
        "openai",
        "anthropic",
        "azure",
        "openai",
    ]


def test_azures_version_is_passed_on_and_other_queries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"api_base": A, "api_version": "2024-10-21"}
    assert destination("azure", f"{A}?api-version=2024-10-21").sent == told
    monkeypatch.setenv("AZURE_API_BASE", f"{A}?api-version=2024-10-21")
    assert destination("azure", None).sent == told
    destination("azure", None).check()
    for provider, base in (("azure", f"{A}?a=1"), ("openai", f"{A}?api-version=1"), ("ollama", f"{A}?key=pw-planted")):
        with pytest.raises(ModelUnavailable, match="query") as caught:
            destination(provider, base).check()
        assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    "folder", ["hosted_vllm", "lm_studio", "azure", "anthropic", "groq", "deepseek", "databricks", "gemini"]
)
def test_the_variables_that_litellm_reads_for_a_provider_are_known(folder: str) -> None:
    spec = find_spec("litellm")
    assert spec is not None and spec.origin is not None
    home = Path(spec.origin).parent / "llms" / folder
    source = "".join(path.read_text(encoding="utf-8") for path in home.rglob("*.py") if not path.parent.name.count("_"))
    names = set(re.findall(r"""get_secret(?:_str)?\(\s*["'](\w+_(?:API_BASE|BASE_URL|API_VERSION))["']""", source))
    names = {name for name in names if not re.search("SPEECH|ANTHROPIC_API_BASE|ANTHROPIC_BASE", name) or folder == "anthropic"}
    assert folder in providers()
    assert all(describe(folder, None, {name: A}) for name in names), names
