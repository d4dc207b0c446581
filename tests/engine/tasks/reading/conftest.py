"""Reads a data file of a test, from its content."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest

from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import Loaded, read_examples
from promptwire.tasks.reading.form import DataForm


class Read(Protocol):
    """Write `data` as the file `name` and read it; `form` are keys of `data` in a task file."""

    def __call__(self, name: str, data: str | bytes, columns: dict[str, Any] | None = None, **form: Any) -> Loaded: ...


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reader in an empty working folder, so that errors begin with the name of the file."""
    monkeypatch.chdir(tmp_path)

    def reader(name: str, data: str | bytes, columns: dict[str, Any] | None = None, **form: Any) -> Loaded:
        Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
        outputs = form.pop("outputs", True)
        return read_examples(Path(name), Columns(**(columns or {})), outputs=outputs, form=DataForm(**form))

    return reader


@pytest.fixture
def pairs(read: Read) -> Any:
    """The inputs and main outputs of a data file."""

    def reader(*args: Any, **form: Any) -> list[tuple[Any, str]]:
        return [(one.input, one.output) for one in read(*args, **form).examples.items]

    return reader
