"""Prices: local models are free, providers are in litellm's list, all others are unknown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import FREE, Quote
from promptwire.backends import prices
from promptwire.backends.factory import backend
from promptwire.backends.prices import at_address, listed
from promptwire.backends.replay_backend import BackendSnapshot, ReplayBackend

LIST: dict[str, Any] = {
    "small": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
    "gate/small": {"litellm_provider": "gate", "mode": "chat", "input_cost_per_token": 3e-6, "output_cost_per_token": 4e-6},
    "half": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-6},
    "painter": {
        "litellm_provider": "openai",
        "mode": "image_generation",
        "input_cost_per_token": 1e-6,
        "output_cost_per_token": 1e-6,
    },
    "odd": "not a model",
    "text": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": "1e-6", "output_cost_per_token": -1},
}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A short list in place of litellm's."""
    entries = {name: entry for name, entry in LIST.items() if isinstance(entry, dict)}
    monkeypatch.setattr(prices, "_table", lambda: entries)
    yield


@pytest.mark.parametrize(
    ("model", "read", "written"),
    [
        ("small", 1e-6, 2e-6),
        ("openai/small", 1e-6, 2e-6),
        ("gate/small", 3e-6, 4e-6),
        ("anthropic/small", None, None),
        ("half", None, None),
        ("painter", None, None),
        ("text", None, None),
        ("openai/none", None, None),
    ],
)
def test_a_price_is_that_of_the_same_provider_or_unknown(
    table: None, model: str, read: float | None, written: float | None
) -> None:
    found = listed(model)
    assert (found.read, found.written, found.hosted) == (read, written, True)
    assert ("not in" in found.source or "no price" in found.source) == (read is None)


def test_a_price_is_the_sum_over_tokens_or_unknown() -> None:
    assert Quote(2.0, 3.0, "").usd(10, 100) == 320
    assert Quote(2.0, None, "").usd(10, 100) is None
    assert not Quote(None, None, "").free
    assert FREE.usd(10, 100) == 0
    assert FREE.free


def test_litellms_list_is_read_without_importing_litellm() -> None:
    code = (
        "import sys; from promptwire.backends.prices import listed\n"
        "found = listed('openai/gpt-4o-mini')\n"
        "assert found.read and found.written and found.read < found.written, found\n"
        "sys.exit('litellm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_all_prices_are_unknown_without_a_readable_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    (tmp_path / "litellm").mkdir()
    (tmp_path / "litellm" / "__init__.py").touch()
    if text is not None:
        (tmp_path / "litellm" / "model_prices_and_context_window_backup.json").write_text(text)
    code = "from promptwire.backends.prices import listed; print(listed('gpt-4o').read)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "None"


@pytest.mark.parametrize(
    ("base", "hosted"),
    [
        ("http://127.0.0.1:8000/v1", False),
        ("http://localhost:11434", False),
        ("http://192.168.1.4/v1", False),
        ("http://[::1]/v1", False),
        ("https://8.8.8.8/v1", True),
        ("https://api.example.com/v1", True),
    ],
)
def test_an_address_has_no_price_and_a_private_one_is_not_hosted(base: str, hosted: bool) -> None:
    found = at_address(base)
    assert (found.read, found.hosted) == (None, hosted)


@pytest.mark.parametrize(
    ("name", "base", "free", "hosted"),
    [
        ("local", None, True, False),
        ("scripted:echo", None, True, False),
        ("openai/none-such", None, False, True),
        ("openai/gpt-4o-mini", "http://127.0.0.1:9/v1", False, False),
        ("litellm:openai/gpt-4o-mini", "https://api.example.com/v1", False, True),
        ("ollama/none-such", None, False, False),
    ],
)
def test_each_backend_quotes_its_price(name: str, base: str | None, free: bool, hosted: bool) -> None:
    found = backend(name, api_base=base).quote()
    assert (found.free, found.hosted) == (free, hosted)
    assert found.source


def test_the_price_of_a_replayed_model_is_unknown() -> None:
    found = ReplayBackend(BackendSnapshot(name="x", identity="x", reasons={})).quote()
    assert (found.read, found.hosted) == (None, True)
