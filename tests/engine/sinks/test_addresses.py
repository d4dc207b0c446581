from __future__ import annotations

import pytest

from promptwire.errors import UsageError
from promptwire.sinks.addresses import make_sink, make_sinks


@pytest.mark.parametrize(
    "name", ["mlflow", "mlflow:sqlite:///a b.db", "mlflow:http://127.0.0.1:1", "otel", "otel:http://127.0.0.1:1"]
)
def test_a_sink_is_called_as_it_was_named(name: str) -> None:
    assert make_sink(name).target == name


def test_a_password_in_an_address_is_not_shown() -> None:
    assert make_sink("mlflow:http://me:secret@host").target == "mlflow:http://***@host"
    assert make_sink("otel:http://me:secret@host:4318").target == "otel:http://***@host:4318"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("mlfow", "there is no sink 'mlfow'"),
        ("", "there is no sink ''"),
        ("wandb:http://u:pw@h", r"there is no sink 'wandb:http://\*\*\*@h'"),
        ("mlflow:", "has a colon and no address"),
        ("otel: ", "has a colon and no address"),
        ("otel:localhost:4318", "has no address of http"),
        ("otel:http://", "has no address of http"),
        ("otel:http://[::1", "has no address of http"),
        ("otel:http://host:99999", "has no address of http"),
    ],
)
def test_what_is_no_sink_is_refused_by_name(name: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        make_sink(name)


def test_an_object_that_is_no_sink_is_refused() -> None:
    with pytest.raises(UsageError, match="a dict is no sink"):
        make_sinks([{}])  # type: ignore[list-item]


def test_a_sink_named_twice_is_one() -> None:
    assert len(make_sinks(["otel", "otel"])) == len(make_sinks("otel")) == 1


@pytest.mark.parametrize(("name", "extra"), [("otel", "otel"), ("mlflow", "mlflow")])
def test_without_its_library_a_sink_is_refused_with_what_installs_it(
    name: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptwire.sinks.otel_settings.find_spec", lambda wanted: None)
    monkeypatch.setattr("promptwire.mlflow_library.find_spec", lambda wanted: None)
    with pytest.raises(UsageError, match="not installed") as caught:
        make_sink(name)
    assert caught.value.hint == f"pip install 'promptwire[{extra}]'"


def test_a_protocol_that_is_not_spoken_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(UsageError, match="'grpc'; the sink otel sends http/protobuf"):
        make_sink("otel")
