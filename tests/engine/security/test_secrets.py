"""Secrets are redacted, ordinary words are not."""

from __future__ import annotations

import pytest

from promptwire.security.secrets import redact, redact_json, secrets


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
def test_variables_named_like_keys_are_secrets(name: str, value: str, goes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert redact(f"<{value}>") == ("<***>" if goes else f"<{value}>")


def test_a_secret_that_begins_with_another_is_redacted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-01234567")
    monkeypatch.setenv("B_KEY", "sk-01234567-rest")
    assert redact("sk-01234567-rest") == "***"
    assert secrets().index("sk-01234567-rest") < secrets().index("sk-01234567")


def test_given_secrets_replace_those_of_the_environment() -> None:
    assert redact("a b", ["b"]) == "a ***"


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("http://me:correct-horse@h:1/v1", "pass correct-horse", "pass ***"),
        ("socks5://me:correct-horse@h", "me:correct-horse bWU6Y29ycmVjdC1ob3JzZQ==", "*** ***=="),
        ("postgres://me:positive@h/db", "positive", "positive"),
        ("http://h/v1?q=me:pw@h", "me:pw", "me:pw"),
        ("me@example.org", "me", "me"),
    ],
)
def test_passwords_of_addresses_in_the_environment_are_secrets(
    value: str, text: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_BASE", value)
    assert redact(text) == shown


def test_every_text_of_a_json_value_is_redacted() -> None:
    assert redact_json({"a key": ["key", {"b": "my key"}], "n": 1}, ["key"]) == {"a ***": ["***", {"b": "my ***"}], "n": 1}
