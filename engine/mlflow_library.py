"""MLflow, an optional dependency that is only imported here: runs are logged to it, prompts are registered in it.

`mlflow` takes two seconds to import, so that nothing does it before it is asked for. It reports to its makers unless told
otherwise: it is told so. A server that does not answer is given up soon; the variables `MLFLOW_HTTP_REQUEST_...` change that.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib.util import find_spec
from typing import Any, Final

from promptwire.errors import UsageError

__all__ = ["INSTALL", "load_mlflow", "require_mlflow"]

INSTALL: Final = "pip install 'promptwire[mlflow]'"
"""Command that installs MLflow."""
_DEFAULTS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}
"""Settings that hold where the user has made none, in a program that has not imported MLflow itself."""
_TALKATIVE: Final = ("mlflow.store.db.utils", "mlflow.tracking.fluent", "alembic")
"""Loggers that tell on the terminal of every table and entry that they make."""


def require_mlflow(what: str) -> None:
    """Raise UsageError without MLflow; `what` names what needs it. Nothing is imported."""
    try:
        found = find_spec("mlflow")
    except ValueError:  # something has put it away
        found = None
    if found is None:
        raise UsageError(f"{what} needs MLflow, which is not installed", hint=INSTALL)


def load_mlflow(what: str) -> Any:
    """Return the module `mlflow`. Raises UsageError without it; `what` names what needs it."""
    if sys.modules.get("mlflow") is None:
        for name, value in _DEFAULTS.items():
            os.environ.setdefault(name, value)
    try:
        import mlflow  # noqa: PLC0415 - an extra, and it takes two seconds
    except ImportError as error:
        raise UsageError(f"{what} needs MLflow, which can't be imported: {error}", hint=INSTALL) from error
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow
