"""Names with an unknown provider are refused at once, and names of litellm are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from promptwire.backends import litellm_providers as module
from promptwire.backends.factory import backend
from promptwire.backends.litellm_providers import providers, unknown
from promptwire.errors import UsageError


@pytest.mark.parametrize(
    "model",
    ["openai/gpt-4o-mini", "openai/of-tomorrow", "ollama/llama3", "anthropic/x", "gpt-4o-mini", "text-completion-openai/x"],
)
def test_names_that_litellm_may_know_are_accepted(model: str) -> None:
    assert unknown(model) == ""
    assert backend(f"litellm:{model}").name == f"litellm:{model}"


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        ("opanai/gpt-4o-mini", "did you mean 'openai'?"),
        ("antropic/claude", "did you mean 'anthropic'?"),
        ("zzzz/model", "PROVIDER/MODEL"),
        ("litellm:no-such-model", "PROVIDER/MODEL"),
        ("no-such-model", "PROVIDER/MODEL"),
    ],
)
def test_a_name_with_an_unknown_provider_gets_a_hint(model: str, hint: str) -> None:
    with pytest.raises(UsageError, match=r"--model: litellm knows no provider for") as refused:
        backend(model)
    assert hint in refused.value.hint


def test_names_are_checked_without_importing_litellm() -> None:
    code = "import sys; from promptwire.backends.litellm_providers import unknown; unknown('opanai/x'); print('litellm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_no_name_is_refused_when_litellms_lists_have_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_home", lambda: tmp_path)
    providers.cache_clear()
    try:
        assert (providers(), unknown("zzzz/model")) == (frozenset(), "")
    finally:
        providers.cache_clear()
