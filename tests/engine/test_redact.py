"""Secrets go, words stay."""

from __future__ import annotations

import pytest

from promptwire.redact import redact, secrets


@pytest.mark.parametrize(
    ("name", "value", "goes"),
    [
        ("OPENAI_API_KEY", "sk-0123456789", True),
        ("HF_TOKEN", "hf_0123456789", True),
        ("AWS_SECRET_ACCESS_KEY", "abcdefgh/ijkl", True),
        ("DB_PASSWORD", "correct horse", True),
        ("openai_api_key", "sk-lowercase-name", True),
        ("OPENAI_API_KEY", "none", False),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1", False),
        ("MONKEY", "bananas and more", False),
        ("KEYBOARD", "a long enough value", False),
    ],
)
def test_what_counts_as_a_secret(name: str, value: str, goes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert redact(f"<{value}>") == ("<***>" if goes else f"<{value}>")


def test_a_secret_that_begins_with_another_one_goes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-01234567")
    monkeypatch.setenv("B_KEY", "sk-01234567-rest")
    assert redact("sk-01234567-rest") == "***"
    assert secrets().index("sk-01234567-rest") < secrets().index("sk-01234567")


def test_given_secrets_go_instead_of_those_of_the_environment() -> None:
    assert redact("a b", ["b"]) == "a ***"
