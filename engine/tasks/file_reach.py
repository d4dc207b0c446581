"""Which files a pipeline or a task file may name: those in its own folder, those that are shipped, and what the user allows.

Such a file may be untrusted, and what it names is sent to a model: a private file must not be. Neither `..` nor an
absolute path nor a link leads out, since folders are unpacked and cloned with their links. Who does keep data or templates in
another folder says so in PROMPTWIRE_ALLOW.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptwire.documents import resources
from promptwire.documents.document import Document
from promptwire.errors import DataError, PipelineError, Problem
from promptwire.security.path_sandbox import REMEDY, reachable

__all__ = ["Reach", "shortened"]

_SHOWN: Final = 200


def shortened(path: Path) -> str:
    """`path` as a message shows it: the end of it where it is long."""
    text = str(path)
    return text if len(text) <= _SHOWN else f"...{text[-_SHOWN:]}"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the files are that a task file names, and which of them it may name."""

    folder: Path
    document: Document
    given: frozenset[str]
    """Top keys that the user gave: those may name what they like."""

    def data(self, *at: str, file: str) -> Path:
        """The data file `file`, written at `at`. Raises PipelineError out of reach, DataError when it is not there."""
        path = self._checked(at, file)
        if not os.path.isfile(path):  # no error for a name that is too long
            written = self.document.location(at)
            if written.line:
                raise DataError(f"there is no data file {shortened(path)}", where=str(written), hint="check the path there")
            raise DataError("there is no such data file", where=shortened(path), hint="check the path")
        return path

    def template(self, key: str, name: str) -> Path:
        """The template `name`: beside the task file, else among the shipped ones."""
        own = self.folder / name
        return self._checked((key,), name).resolve() if os.path.isfile(own) else resources.template_path(name)

    def _checked(self, at: tuple[str, ...], file: str) -> Path:
        path = self.folder / file
        # A data file that the user named stands as its own task file: the user wrote its name.
        named = at[0] in self.given or str(path) == self.document.file
        if named or ("\0" not in file and reachable(path, [self.folder])):
            return path
        message, hint = f"{file} leads out of the task's folder", f"copy it into {self.folder.absolute()}, {REMEDY}"
        raise PipelineError([Problem("bad-path", self.document.location(at), message, hint)])
