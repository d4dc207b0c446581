"""Contract of a form: what an export writes for another tool, and what that tool then sends.

To add a form:

1. Write `engine/exporting/forms/NAME.py` with one subclass of `Form`. Its `write` makes texts of files from an `Exported` and
   says in `told` what the form can't hold. It never writes a file itself. Its `reader` gets these texts as they were read back
   from disk, and returns a function from an example to what the other tool sends for it. That function must work with the
   written texts alone: `--verify` and the comparison of requests are worth nothing if it uses the run's own pattern.
2. Add a row to `engine/exporting/forms/table.py`, and the name to `To` in `engine/cli/export.py`. A form whose library is an
   extra imports it inside its functions, through one door, and raises UsageError with the command that installs it.
3. A form that registers instead of writing files (a prompt registry) overrides `place` and `placed`.
4. Test it in `tests/engine/exporting/forms/test_NAME.py`: `nasty_exports()` of `tests/sample_exports.py` gives exports with
   nasty texts; for each of them `unequal(exported, form)` must be empty, or what differs must be told. Test it once with the
   real tool.
5. Add a section to `docs/export.md`.

Helpers: `exporting/placeholders.py` names the placeholders of brace-style forms so that no text of the prompt is taken for one.
`Exported.request_settings` are the parameters of the request. Never write an API key: name the environment variable.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from promptwire.exporting.exported import Exported
from promptwire.exporting.files import default_target, read_files, write_files
from promptwire.results.request_pattern import Sent
from promptwire.values import Example

__all__ = ["Form", "Placed", "Reader", "Unsendable", "Written"]

Reader = Callable[[Example], Sent]
"""What the other tool sends for an example. Raises Unsendable when it refuses the example."""


class Unsendable(Exception):
    """The other tool refuses an example and sends nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a form makes of an export."""

    files: Mapping[str, str]
    """Text of each file by its name, which may have folders. A form of one file has one."""
    told: tuple[str, ...] = ()
    """What the form can't hold, or does otherwise, in sentences for the user."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an export was put."""

    target: str
    """The file, the folder, or the name in a registry."""
    names: tuple[str, ...]
    """All that was written: paths of files, or names in a registry."""


class Form(ABC):
    """A form of an export."""

    name: ClassVar[str]
    """Name after `--to`."""
    doc: ClassVar[str]
    """What is written, as one phrase."""
    folder: ClassVar[bool] = False
    """Whether it writes several files, into a folder."""
    target: ClassVar[str]
    """Default name of the file or folder; `{task}` stands for the name of the task, `{module}` for it in a Python module's."""
    address: str | None = None
    """Address of a registry, for a form that registers; None for that of the environment."""

    @abstractmethod
    def write(self, exported: Exported) -> Written:
        """Make the files as texts. Raises RunError or UsageError for a run that the form can't hold at all."""

    @abstractmethod
    def reader(self, files: Mapping[str, str]) -> Reader:
        """Return what the other tool sends for an example, as it follows from the written `files`.

        Raises UsageError when the library that knows is not installed.
        """

    def taken(self, reply: str) -> str:
        """Return what the other tool takes out of a reply as the answer: all of it, unless it asks for marks of its own."""
        return reply

    def place(self, exported: Exported, written: Written, out: str | None, *, force: bool) -> Placed:
        """Put what was made where `out` says. Raises UsageError for what exists already without `force`."""
        path = default_target(
            self.target.format(task=exported.name, module=exported.module), out, written.files, folder=self.folder
        )
        names = write_files(path, written.files, folder=self.folder, force=force)
        return Placed(str(path), tuple(str(name) for name in names))

    def placed(self, place: Placed, written: Written) -> Mapping[str, str]:
        """Read back what was put there, by the names of `written`."""
        return read_files(Path(place.target), written.files, folder=self.folder)
