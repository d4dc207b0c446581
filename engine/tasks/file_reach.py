"""Files that a task file may name: in its own folder, shipped, or allowed by the user.

A task file may be untrusted, and the files that it names are sent to a model. A private file must not be among them. `..`, an
absolute path or a link can't leave the folder; links count because unpacked and cloned folders contain them. A user who keeps
data or templates in another folder allows that folder with PROMPTWIRE_ALLOW.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from promptwire.documents import resources
from promptwire.documents.document import Document
from promptwire.errors import DataError, PipelineError, Problem, UsageError
from promptwire.metrics.json_schema import schema_problem
from promptwire.security.access_log import log_access
from promptwire.security.path_sandbox import REMEDY, reachable, unusable
from promptwire.security.untrusted_json import read_json

__all__ = ["TaskFiles", "read_schema", "refuse_address", "shortened"]

_SHOWN: Final = 200
_ADDRESS: Final = re.compile(r"(?:https?|ftp|s3|gs|file)://")


def shortened(path: Path) -> str:
    """`path` for a message: only its end when it is long."""
    text = str(path)
    return text if len(text) <= _SHOWN else f"...{text[-_SHOWN:]}"


def refuse_address(file: str) -> None:
    """Raise DataError when `file` is an address of the web or of a store, and no file."""
    if _ADDRESS.match(file):
        hint = "download the file and name it; a data set of the Hugging Face Hub is hf:OWNER/NAME:SPLIT"
        raise DataError("data are read from files, not from an address", where=file[:_SHOWN], hint=hint)


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """Finds the files that a task file names, and refuses those that it may not name."""

    folder: Path
    document: Document
    given: frozenset[str]
    """Top keys that the user gave. These may name any file."""

    def data(self, *at: str, file: str) -> Path:
        """Path of the data file `file`, named at `at`. Raises PipelineError if not allowed, DataError if missing."""
        refuse_address(file)
        path = self._checked(at, file)
        if os.path.isdir(path):
            raise DataError("this is a folder, not a data file", where=shortened(path), hint="name the file in it")
        if not os.path.isfile(path):  # no error for a name that is too long
            written = self.document.location(at)
            if written.line:
                raise DataError(f"there is no data file {shortened(path)}", where=str(written), hint="check the path there")
            raise DataError("there is no such data file", where=shortened(path), hint="check the path")
        return path

    def template(self, key: str, name: str) -> Path:
        """Path of the template `name`: beside the task file, else a shipped one."""
        own = self.folder / name
        self._refuse_unusable((key,), name)
        if os.path.isfile(own):
            return self._checked((key,), name).resolve()
        try:
            return resources.template_path(name)
        except UsageError as error:
            written = self.document.location((key,))
            error.where = error.where or (str(written) if written.line else "")
            error.args = (str(error),)
            raise

    def _checked(self, at: tuple[str, ...], file: str) -> Path:
        path = self.folder / file
        self._refuse_unusable(at, file)
        # A data file that the user named is its own task file, so the user wrote its name.
        named = at[0] in self.given or str(path) == self.document.file
        if named or reachable(path, [self.folder]):
            return path
        message, hint = f"{file} leads out of the task's folder", f"copy it into {self.folder.absolute()}, {REMEDY}"
        raise PipelineError([Problem("bad-path", self.document.location(at), message, hint)])

    def _refuse_unusable(self, at: tuple[str, ...], file: str) -> None:
        if why := unusable(self.folder / file):
            message = f"{shortened(Path(file))} {why}"
            raise PipelineError([Problem("bad-path", self.document.location(at), message, "name another file")])


def read_schema(given: str | dict[str, Any] | None, files: TaskFiles) -> dict[str, Any] | None:
    """The JSON Schema under `json_schema`: written there, or in a file. Raises DataError when it is none."""
    if given is None:
        return None
    where, found = str(files.document.location(("json_schema",))), given
    if isinstance(given, str):
        path = files.data("json_schema", file=given)
        log_access(path)
        where = shortened(path)
        try:
            found = read_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise DataError(f"the JSON Schema can't be read: {error}", where=where) from error
    problem = schema_problem(found)
    if problem or not isinstance(found, dict):
        raise DataError(f"this is no JSON Schema that can be used: {problem}", where=where)
    return found
