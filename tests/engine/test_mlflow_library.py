from __future__ import annotations

import sys

import pytest

from promptwire.errors import UsageError
from promptwire.mlflow_library import load_mlflow, require_mlflow


def test_without_mlflow_the_error_names_what_needs_it_and_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UsageError, match="--to mlflow needs MLflow") as caught:
        load_mlflow("--to mlflow")
    assert caught.value.hint == "pip install 'promptwire[mlflow]'"


def test_mlflow_is_the_library_where_it_is_installed() -> None:
    assert hasattr(load_mlflow("--to mlflow"), "MlflowClient")


def test_what_needs_mlflow_is_refused_without_importing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UsageError, match="the sink mlflow needs MLflow, which is not installed"):
        require_mlflow("the sink mlflow")
