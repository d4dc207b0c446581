"""The prompt registry of MLflow: register a version, load it, and fill it in as MLflow does."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from promptwire.errors import RunError, UsageError
from promptwire.mlflow_library import load_mlflow
from promptwire.security.secrets import holds_secret, redact, secrets

__all__ = ["ADDRESS", "MlflowRegistry", "filled"]

ADDRESS: Final = "MLFLOW_TRACKING_URI"
"""Environment variable with the address."""
_TRIES: Final = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"


class MlflowRegistry:
    """A registry. Nothing is done before it is asked for a prompt."""

    def __init__(self, address: str | None) -> None:
        """Take the address, or that of the environment. Raises UsageError without one."""
        self.address = address or os.environ.get(ADDRESS, "")
        """Address of the tracking server or store."""
        if not self.address:
            hint = f"--tracking-uri sqlite:///mlflow.db, or an address such as http://HOST:5000; or set {ADDRESS}"
            raise UsageError("MLflow's registry has no address", where="--to mlflow", hint=hint)

    def register(self, name: str, text: str, message: str) -> str:
        """Register the prompt in `text` as a new version of `name`, and return its URI."""
        if holds_secret(text):
            hint = "the prompt or an example holds the value of a variable named like a key; remove it there"
            raise RunError("the export would hold a secret of your environment", where="--to mlflow", hint=hint)
        prompt = json.loads(text)
        fields = {key: prompt[key] for key in ("template", "tags", "model_config")}
        with self._client() as client:
            return str(client.register_prompt(name=name, commit_message=message, **fields).uri)

    def load(self, uri: str) -> str:
        """The registered prompt at `uri`, in the form that `register` takes."""
        with self._client() as client:
            found = client.load_prompt(uri)
            return json.dumps({"template": found.template, "tags": dict(found.tags), "model_config": found.model_config})

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A client, quiet and with errors of one sentence."""
        os.environ.setdefault(_TRIES, "2")  # a server that is away is an error after seconds, not after minutes
        library = load_mlflow("--to mlflow")
        loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
        levels = [logger.level for logger in loggers]
        try:
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # deprecated calls of its own
                yield library.MlflowClient(tracking_uri=self.address, registry_uri=self.address)
        except Exception as error:  # of MLflow, of its database or of its connection
            parts = urlsplit(self.address)
            text = redact(" ".join(str(error).split())[:400], {*secrets(), *filter(None, (parts.username, parts.password))})
            raise RunError(f"MLflow's registry can't be used: {text}", where="--to mlflow") from error
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def filled(template: str | list[dict[str, str]], values: Mapping[str, str]) -> str | list[dict[str, str]]:
    """What MLflow makes of a template with `values` for its placeholders."""
    version = load_mlflow("--to mlflow").entities.model_registry.PromptVersion("prompt", 1, template)
    made: str | list[dict[str, str]] = version.format(**values)
    return made
