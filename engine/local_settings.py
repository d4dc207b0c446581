"""Settings of a local model: context, threads, GPU layers and slots.

They come from the model's name, then from the task file, the pipeline and the environment.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from promptwire.errors import UsageError, suggest
from promptwire.values import Model

__all__ = ["LocalSettings", "is_local", "is_scripted", "split_settings"]

_VARIABLES = {
    "context": "PROMPTWIRE_CONTEXT",
    "threads": "PROMPTWIRE_THREADS",
    "gpu_layers": "PROMPTWIRE_GPU_LAYERS",
    "slots": "PROMPTWIRE_SLOTS",
}


class LocalSettings(Model):
    """Settings of a local model. A setting that is not given has its default."""

    called: ClassVar[str] = "'local'"

    context: int | None = Field(default=None, ge=256, le=1 << 20)
    """Longest prompt with its reply, in tokens. Default: what the model was trained for, up to 8192, and what memory allows."""
    threads: int | None = Field(default=None, ge=1, le=512)
    """Threads of each slot. Default: 2."""
    gpu_layers: int | None = Field(default=None, ge=0, le=10_000)
    """Layers of the model on the GPU. Default: 0."""
    slots: int | None = Field(default=None, ge=1, le=64)
    """Requests that are answered at the same time, each by a process of its own. Default: 1."""

    def over(self, base: LocalSettings) -> LocalSettings:
        """These settings, with those of `base` where they are not given."""
        return LocalSettings(**{**base.model_dump(exclude_none=True), **self.model_dump(exclude_none=True)})

    @classmethod
    def of_environment(cls) -> LocalSettings:
        """Settings of PROMPTWIRE_CONTEXT, _THREADS, _GPU_LAYERS and _SLOTS. Raises UsageError."""
        found = LocalSettings()
        for name, variable in _VARIABLES.items():
            text = os.environ.get(variable, "").strip()
            if text:
                found = _checked({name: text}, variable).over(found)
        return found


def split_settings(name: str) -> tuple[str, LocalSettings]:
    """`local:NAME,context=4096,threads=4` as the name of a model and its settings. Raises UsageError."""
    head, *parts = name.split(",")
    while parts and not _written(parts[0]):  # a comma of the file's name
        head = f"{head},{parts.pop(0)}"
    found: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals or key not in _VARIABLES or key in found:
            problem = f"the setting {key!r} is given twice" if key in found else f"unknown setting {part!r} of a local model"
            raise UsageError(problem, where="--model", hint=suggest(key, _VARIABLES, noun="settings"))
        found[key] = value
    return head, _checked(found, "--model")


def is_local(name: str) -> bool:
    """Whether `name` is that of a local model, with or without settings."""
    return name.partition(",")[0].partition(":")[0] == "local"


def is_scripted(name: str) -> bool:
    """Whether `name` is that of a scripted model."""
    return name.partition(":")[0] == "scripted"


def _written(part: str) -> bool:
    """Whether `part` has the form of a setting. A file's name may have a comma, seldom one before a word and `=`."""
    key, equals, _ = part.partition("=")
    return bool(equals) and key.replace("_", "").isalpha()


def _checked(given: dict[str, Any], where: str) -> LocalSettings:
    try:
        return LocalSettings.model_validate(given)
    except ValidationError as error:
        detail = error.errors()[0]
        name = str(detail["loc"][0])
        problem = f"{name}={given[name]}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
        raise UsageError(problem, where=where, hint="write a whole number, such as context=4096") from error
