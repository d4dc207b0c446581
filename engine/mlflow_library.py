"""MLflow, an optional dependency that is only imported here: runs are logged to it, prompts are registered in it.

`mlflow` takes two seconds to import, so that nothing does it before it is asked for.
"""

from __future__ import annotations

from typing import Any, Final

from promptwire.errors import UsageError

__all__ = ["INSTALL", "load_mlflow"]

INSTALL: Final = "pip install 'promptwire[mlflow]'"
"""Command that installs MLflow."""


def load_mlflow(what: str) -> Any:
    """Return the module `mlflow`. Raises UsageError without it; `what` names what needs it."""
    try:
        import mlflow  # noqa: PLC0415 - an extra, and it takes two seconds
    except ImportError as error:
        raise UsageError(f"{what} needs MLflow, which can't be imported: {error}", hint=INSTALL) from error
    return mlflow
