"""Table of the forms. A form is imported when it is asked for, since some need large libraries."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from promptwire.errors import UsageError, suggest
from promptwire.exporting.form import Form

__all__ = ["FORMS", "find_form"]

FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "messages": ("messages", "MessagesForm"),
    "text": ("text", "TextForm"),
    "python": ("python_module", "PythonForm"),
    "promptfoo": ("promptfoo", "PromptfooForm"),
    "dspy": ("dspy", "DspyForm"),
    "lm-eval": ("lm_eval", "LmEvalForm"),
    "mlflow": ("mlflow", "MlflowForm"),
    "prompty": ("prompty", "PromptyForm"),
}
"""Module and class of each form, by its name."""


def find_form(name: str) -> Form:
    """Return the form called `name`. Raises UsageError when there is none."""
    if name not in FORMS:
        raise UsageError(f"there is no form {name!r}", where="--to", hint=suggest(name, (*FORMS,), noun="forms"))
    module, kind = FORMS[name]
    found = getattr(import_module(f"promptwire.exporting.forms.{module}"), kind)()
    assert isinstance(found, Form)  # noqa: S101 - a row of the table above
    return found
