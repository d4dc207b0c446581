"""Packing of a cell for a worker."""

from __future__ import annotations

import base64
import json
import os
import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from promptwire.backends.address import Address
from promptwire.backends.local_sources import OwnFile, find_source
from promptwire.bundles.files import Layout, shipped_name
from promptwire.errors import RunError, UsageError
from promptwire.language.check import load_graph
from promptwire.local_settings import is_local, split_settings
from promptwire.node import Role
from promptwire.options import Options, address_variable
from promptwire.registry.plugins import plugin_files
from promptwire.results.provenance import fingerprint, hashed
from promptwire.results.run_folder import working_folder
from promptwire.security.access_log import FileAccessLog, log_access
from promptwire.security.secrets import secrets
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.parcel import Parcel, place
from promptwire.tasks.given_task import task_of
from promptwire.values.hashing import digest

__all__ = ["Packer"]

_KEPT: Final = 64
"""Parcels that a packer keeps, to pack the other seeds of the same pipeline and task without reading the files again."""


@dataclass(slots=True)
class Packer:
    """Packs cells. Those that differ in their seed alone share their files."""

    mark: str = field(default_factory=lambda: random.token_hex(8))
    """Random digits, in the words that stand for folders."""
    _known: dict[str, Parcel] = field(default_factory=dict)

    def kind(self, cell: Cell) -> str:
        """Hash of a cell that is equal for cells that differ in their seed alone. Raises UsageError."""
        options = _plain(cell.options.model_copy(update={"seed": 0}))
        named = cell.task if isinstance(cell.task, str) else cell.task.name
        return digest([cell.row, cell.pipeline, named, options, sorted(cell.plugins), dict(cell.resources)])

    def pack(self, cell: Cell) -> Parcel:
        """Make the parcel of `cell`.

        Raises UsageError for a cell that can't travel, and what a run would raise before its first call.
        """
        if not isinstance(cell.task, str):
            hint = "write its examples into a data file and its metric into a plug-in"
            raise UsageError(f"the task {cell.task.name!r} was given in Python, so workers can't get it", hint=hint)
        same = self.kind(cell)
        if same not in self._known:
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[same] = _packed(cell, cell.task, self.mark)
        found = self._known[same]
        options = found.options.model_copy(update={"seed": cell.seed})
        return found.model_copy(update={"key": cell.key, "options": options})


def _plain(options: Options) -> dict[str, Any]:
    """Options as JSON, without the address of a shared cache, which may hold a password. Raises UsageError."""
    try:
        found: dict[str, Any] = json.loads(json.dumps(options.model_dump(mode="python", exclude={"cache_url"}), default=_model))
    except (TypeError, ValueError) as error:
        hint = "write a metric into a plug-in, and give only texts and numbers"
        raise UsageError("the options hold what only this process has, so workers can't get it", hint=hint) from error
    return found


def _model(value: Any) -> Any:
    """JSON form of a value that JSON does not know. Raises TypeError."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)


def _packed(cell: Cell, task: str, mark: str) -> Parcel:
    working = working_folder()
    models = [cell.options.model(role)[0] for role in get_args(Role)]
    log = FileAccessLog()
    with log.recording():
        load_graph(cell.pipeline, params=cell.options.params, patches=cell.options.patches)
        fingerprint(task_of(task, cell.options.task))
        for script in filter(None, map(_script, models)):
            log_access(script)
    _check_addresses(cell.options)
    local = {name: path for name in models if (path := _own_model(name))}
    outside = {str(path) for path in local.values()} | {name for name in map(_script, models) if name and os.path.isabs(name)}
    seen = {Path(os.path.normpath(path)) for path in log.seen}
    own = sorted(path for path in seen if shipped_name(path) is None and path.is_file() and str(path) not in outside)
    shipped = {name: hashed(path) for path in sorted(seen) if (name := shipped_name(path)) and path.is_file()}
    layout = Layout.of(working, own)
    options = _plain(cell.options)
    options["models"] = {role: _moved(name, local) for role, name in cell.options.models.items()}
    texts, binary = _contents(own, layout)
    words = {str(path): f"{place(mark, 'files')}/{layout.name(path, what='parcel')}" for path in own}
    parcel = Parcel(
        key=cell.key,
        mark=mark,
        row=cell.row,
        pipeline=_relative(cell.pipeline, working),
        task=_relative(task, working),
        options=Options.model_validate({**options, "task": _replaced(options["task"], words)}),
        working=layout.working_name,
        files=texts,
        binary=binary,
        shipped=shipped,
        plugins={path.name: _source(path) for path in dict.fromkeys([*plugin_files(), *map(_absolute, cell.plugins)])},
        keyed=tuple(Path(name).name for name in cell.plugins),
        outside=tuple(sorted(outside)),
    )
    _check_secrets(parcel)
    return parcel


def _absolute(name: str) -> Path:
    return Path(name).resolve()


def _script(model: str) -> str:
    """The file of a scripted model; empty for other models."""
    kind, _, rest = model.partition(":")
    path = os.path.expanduser(rest)
    return path if kind == "scripted" and rest and os.path.isfile(path) else ""


def _own_model(name: str) -> Path | None:
    """The user's own file of a local model."""
    source = find_source(split_settings(name)[0]) if is_local(name) else None
    return source.path.absolute() if isinstance(source, OwnFile) else None


def _moved(name: str, local: Mapping[str, Path]) -> str:
    """The name of a model, with an absolute path to a model file of the user's own."""
    if name not in local or name.partition(",")[0] == "local":
        return name
    head, _ = split_settings(name)
    return f"local:{local[name]}{name[len(head) :]}"


def _relative(name: str, working: Path) -> str:
    """A name as it is, or an absolute path relative to the working folder."""
    return os.path.relpath(name, working) if os.path.isabs(name) else name


def _contents(own: Sequence[Path], layout: Layout) -> tuple[dict[str, str], dict[str, str]]:
    """Files by their names in the parcel: the text of each, and those that are no UTF-8 in base64. Raises RunError."""
    texts: dict[str, str] = {}
    binary: dict[str, str] = {}
    for path in own:
        data, name = _bytes(path), layout.name(path, what="parcel")
        try:
            texts[name] = data.decode("utf-8")
        except UnicodeDecodeError:
            binary[name] = base64.b64encode(data).decode("ascii")
    return texts, binary


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"can't be read: {error.strerror}", where=str(path)) from error


def _source(path: Path) -> str:
    """Text of a plug-in file. Raises RunError."""
    try:
        return _bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RunError("a plug-in file must be UTF-8", where=str(path)) from error


def _replaced(value: Any, words: Mapping[str, str]) -> Any:
    """A JSON value with other words in place of those texts."""
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, Mapping):
        return {key: _replaced(one, words) for key, one in value.items()}
    return [_replaced(one, words) for one in value] if isinstance(value, list | tuple) else value


def _check_addresses(options: Options) -> None:
    for role, base in options.api_bases.items():
        if Address(base).secrets:
            hint = f"set {address_variable(role)} in the environment of each worker, in place of --api-base"
            raise UsageError("an address with a password or key is not sent to workers", where="--api-base", hint=hint)


def _check_secrets(parcel: Parcel) -> None:
    known = secrets()
    texts = {**parcel.files, **parcel.plugins, "the options": json.dumps(parcel.options.model_dump(mode="json"))}
    for name, text in texts.items():
        if any(secret in text for secret in known):
            hint = "take it out of there; a worker takes keys from its own environment"
            raise UsageError("a parcel would contain a secret of your environment", where=name, hint=hint)
