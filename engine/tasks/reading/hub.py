"""Reads data sets of the Hugging Face Hub with `datasets`, which is an extra and only imported here.

A name is `hf:OWNER/NAME[/CONFIG][@REVISION]:SPLIT`. Only public data sets are read: a task file may be untrusted, so no token
is sent. No code of a data set is run. A label stored as the number of a class is read as the name of the class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from promptwire.errors import DataError
from promptwire.tasks.reading.cells import plain
from promptwire.tasks.reading.source import Row, Rows, Source

__all__ = ["INSTALL", "PREFIX", "HubName", "hub_dataset", "parse_hub_name"]

PREFIX: Final = "hf:"
"""Beginning of the name of a data set on the Hub."""
INSTALL: Final = "pip install 'promptwire[datasets]'"
"""Command that installs `datasets`."""
_SHAPE: Final = "hf:OWNER/NAME[/CONFIG][@REVISION]:SPLIT"
_NAME: Final = re.compile(
    r"hf:(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)(?:/(?P<config>[\w.+-]+))?(?:@(?P<revision>[\w./-]+))?:(?P<split>[\w.-]+)",
    re.ASCII,
)
_OFFLINE: Final = (
    "OfflineModeIsEnabled",
    "ConnectionError",
    "ConnectTimeout",
    "MaxRetryError",
    "LocalEntryNotFoundError",
    "ConnectError",
)
_MISSING: Final = ("DatasetNotFoundError", "RepositoryNotFoundError", "RevisionNotFoundError")


class HubName(NamedTuple):
    """Name of one split of a data set."""

    repository: str
    """Owner and name."""
    config: str | None
    """Configuration; None for the only one."""
    revision: str | None
    """Branch, tag or commit; None for the newest."""
    split: str
    """Split, such as `train`."""


def parse_hub_name(text: str) -> HubName:
    """Read `hf:OWNER/NAME[/CONFIG][@REVISION]:SPLIT`. Raises DataError.

    >>> parse_hub_name("hf:openai/gsm8k/main:train")
    HubName(repository='openai/gsm8k', config='main', revision=None, split='train')
    """
    found = _NAME.fullmatch(text)
    if found is None:
        raise DataError("this names no split of a data set on the Hub", where=text[:200], hint=f"write {_SHAPE}")
    part = found.groupdict()
    return HubName(f"{part['owner']}/{part['name']}", part["config"], part["revision"], part["split"])


def hub_dataset(text: str, source: Source) -> Rows:
    """The rows of the split that `text` names."""

    def where(number: int, column: str) -> str:
        return f"{text}, row {number}"

    return Rows(_rows(text, source), where)


def _rows(text: str, source: Source) -> Iterator[Row]:
    data = _load(text)
    if data.column_names is None:
        raise DataError("the data set has no columns", where=text)
    classes = {name: kind.names for name, kind in (data.features or {}).items() if type(kind).__name__ == "ClassLabel"}
    media = [name for name, kind in (data.features or {}).items() if type(kind).__name__ in ("Image", "Audio", "Video", "Pdf")]
    if media:
        data = data.remove_columns(media)
        source.note(f"columns of pictures and sound are left out: {', '.join(media)}")
    for name in classes:
        source.note(f"labels of {name!r} are read as the names of their classes")
    if data.num_rows == 0:
        return
    for number, row in enumerate(data, start=1):
        cells = {name: _cell(value, classes.get(name)) for name, value in row.items()}
        yield number, {str(at): cell for at, cell in enumerate(cells.values())} if source.columns.numbered else cells


def _cell(value: Any, names: list[str] | None) -> Any:
    if names is not None and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else None
    return plain(value)


def _load(text: str) -> Any:
    """Load the split. Raises DataError with the reason."""
    name = parse_hub_name(text)
    try:
        import datasets  # noqa: PLC0415 - an extra, and it takes a second
    except ImportError as error:
        problem = f"a data set of the Hub needs `datasets`, which can't be imported: {error}"
        raise DataError(problem, where=text, hint=INSTALL) from error
    try:
        return datasets.load_dataset(name.repository, name.config, split=name.split, revision=name.revision, token=False)
    except Exception as error:  # whatever the network, the Hub and the files may raise
        raise _refused(text, error) from error


def _refused(text: str, error: BaseException) -> DataError:
    kinds: set[str] = set()
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 100:
        kinds |= {kind.__name__ for kind in type(cause).__mro__}
        cause = cause.__cause__ or cause.__context__
    reason = (str(error).splitlines() or [""])[0][:300]
    if kinds & set(_OFFLINE) and not kinds & set(_MISSING):
        problem = f"the Hugging Face Hub can't be reached, and the data set is not on this machine: {reason}"
        hint = "go online once: the data set is then kept on this machine; or export it as JSON Lines and name that file"
    elif kinds & set(_MISSING):
        problem, hint = "there is no such public data set on the Hub, or it can't be reached", f"write {_SHAPE}; {reason}"
    else:
        problem, hint = f"the data set can't be loaded: {reason}", f"check configuration and split: {_SHAPE}"
    return DataError(problem, where=text, hint=hint)
