"""Context of a local model, by what it was trained for and by memory."""

from __future__ import annotations

import pytest

from promptwire.backends import local_context
from promptwire.backends.gguf import Header
from promptwire.backends.local_context import choose_context
from promptwire.errors import ModelUnavailable

GIGABYTE = 1_000_000_000


def header(trained: int, *, size: int = GIGABYTE, token_bytes: int = 100_000) -> Header:
    return Header("llama", trained, template=True, writes=True, token_bytes=token_bytes, size=size)


@pytest.mark.parametrize(
    ("trained", "wanted", "free", "slots", "context"),
    [
        (2048, None, 50, 1, 2048),
        (32768, None, 50, 1, 8192),
        (32768, 16384, 50, 1, 16384),
        (0, None, 50, 1, 8192),
        (32768, None, 1.5, 1, 2304),
        (32768, None, 3.0, 2, 2304),
        (400, None, 50, 1, 400),
        (32768, None, None, 1, 8192),
    ],
    ids=["trained for less", "at most 8192", "wanted", "unknown", "less memory", "two slots", "short", "memory unknown"],
)
def test_the_context_is_what_training_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, trained: int, wanted: int | None, free: float | None, slots: int, context: int
) -> None:
    monkeypatch.setattr(local_context, "free_memory", lambda: None if free is None else int(free * GIGABYTE))
    assert choose_context(header(trained), wanted, slots=slots) == context


def test_a_context_beyond_training_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match=r"4096 tokens is more .* trained for \(2048\)") as caught:
        choose_context(header(2048), 4096, where="local:m")
    assert "context=2048" in caught.value.hint


@pytest.mark.parametrize(("wanted", "needed"), [(None, "1.3"), (8192, "2.1")])
def test_too_little_memory_is_said_with_both_sizes(monkeypatch: pytest.MonkeyPatch, wanted: int | None, needed: str) -> None:
    monkeypatch.setattr(local_context, "free_memory", lambda: int(1.2 * GIGABYTE))
    with pytest.raises(ModelUnavailable, match=rf"needs {needed} GB, and 1\.2 GB are free") as caught:
        choose_context(header(32768), wanted)
    assert "smaller model" in caught.value.hint
