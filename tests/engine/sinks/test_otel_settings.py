from __future__ import annotations

import pytest

from promptwire.sinks.otel_settings import CAPTURE, legal, resource_names, signal_url, wants_texts


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://host:4318", "http://host:4318/v1/traces"),
        ("http://host:4318/", "http://host:4318/v1/traces"),
        ("http://host/otlp", "http://host/otlp/v1/traces"),
        ("https://host/v1/traces", "https://host/v1/traces"),
        ("https://host/a?key=1", "https://host/a/v1/traces?key=1"),
    ],
)
def test_the_address_of_a_collector_leads_to_that_of_the_signal(endpoint: str, url: str) -> None:
    assert signal_url(endpoint, "v1/traces") == url


@pytest.mark.parametrize(
    ("told", "wanted"),
    [("true", True), ("SPAN_ONLY", True), ("span_and_event", True), ("no_content", False), ("event_only", False), ("", False)],
)
def test_texts_are_wanted_by_the_variable_of_the_conventions(told: str, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CAPTURE, told)
    assert wants_texts() is wanted


def test_the_service_goes_by_the_name_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resource_names("1")["service.name"] == "promptwire"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    assert resource_names("1") == {"service.version": "1"}


def test_attributes_hold_only_what_can_be_sent() -> None:
    found = legal({"none": None, "text": "a\ud800", "big": 1 << 70, "list": ["x", "\udfff"], "yes": True, "real": 0.5})
    assert found == {"text": "a\\ud800", "big": str(1 << 70), "list": ["x", "\\udfff"], "yes": True, "real": 0.5}
