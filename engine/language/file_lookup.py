"""Finds the files that a pipeline names: other pipelines and templates.

A name is looked up from the folder of the file that contains it. A pipeline that extends one in another folder therefore keeps
the templates of that folder. A pipeline may name pipelines in the whole project. The project is the working folder, or the
folder of the top pipeline when that lies elsewhere. A template can't leave the folder of the top pipeline, of the file that
names it, or of the shipped files, unless the user allows it: a downloaded pipeline must not be able to send a private file to a
model. A pipeline is no such file, because its text is not sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from promptwire.documents import resources
from promptwire.errors import Location, PipelineError, Problem, closest, suggest
from promptwire.security import package_data
from promptwire.security.path_sandbox import REMEDY, reachable, unusable

__all__ = ["FileResolver", "is_pipeline"]

_SUFFIXES = (".yaml", ".yml")


def is_pipeline(name: str) -> bool:
    """Whether a node type's name is a pipeline file."""
    return name.endswith(_SUFFIXES)


@dataclass(frozen=True, slots=True)
class FileResolver:
    """Finds files in the folders that a pipeline may read."""

    top: Path
    """Folder of the top pipeline."""

    @property
    def project(self) -> Path:
        """The folder in which pipelines may name each other."""
        working = Path.cwd()
        return working if self.top.absolute().is_relative_to(working) else self.top

    def pipeline(self, written: str, beside: Path, location: Location) -> Path:
        """Find the pipeline `written`, a path or a shipped name, for a file in the folder `beside`.

        Raises PipelineError at `location`.
        """
        if not is_pipeline(written):
            names = resources.pipelines()
            if written in names:
                return resources.pipeline_path(written)
            hint = suggest(written, names, noun="shipped pipelines")
            raise _error(
                location,
                "file-missing",
                f"there is no shipped pipeline {written!r}",
                f"{hint}; write a file as ./{written}.yaml",
            )
        places = [beside] if written.startswith("./") else [beside, package_data.package_folder("pipelines")]
        found = self._first_file(written, places, location, [self.project])
        if found is None:
            there = [path.name for path in beside.glob("*.y*ml")]
            hint = _nearest(Path(written).name, there) or f"looked in {beside}"
            raise _error(location, "file-missing", f"there is no file {written}", hint)
        return found

    def template(self, written: str, beside: Path, location: Location) -> Path:
        """Find the template `written`, named in a file of the folder `beside`. Raises PipelineError at `location`."""
        places = [beside, beside / "templates", Path.cwd() / "templates", package_data.package_folder("templates")]
        found = self._first_file(written, places, location, [self.top, beside])
        if found is None:
            looked = f"looked in {beside}, its templates/ and those that are shipped"
            hint = _nearest(written, _templates(places)) or looked
            raise _error(location, "template-missing", f"there is no template {written}", hint)
        return found

    def _first_file(self, written: str, folders: list[Path], location: Location, within: list[Path]) -> Path | None:
        """The first file `written` in `folders`. In the first of them, its path may lead to any place in `within`."""
        if not written or "\0" in written or Path(written).is_absolute():
            raise _error(
                location, "bad-path", f"{written!r} is not a path that a pipeline can name", "write it relative to the pipeline"
            )
        beside, *others = folders
        first = Path(os.path.normpath(beside / written))
        if not reachable(first, within):
            hint = f"copy it into {within[0]}, {REMEDY}"
            if within == [self.project]:
                hint = f"start promptwire in a folder that holds both, {hint}"
                raise _error(location, "bad-path", f"{written} leads out of the project", hint)
            raise _error(location, "bad-path", f"{written} leads out of the pipeline's folder", hint)
        if why := unusable(first):
            raise _error(location, "bad-path", f"{written} {why}", "name another file")
        rest = [path for folder in others if reachable(path := Path(os.path.normpath(folder / written)), [folder])]
        return next((path for path in (first, *rest) if os.path.isfile(path)), None)


def _nearest(written: str, files: Iterable[str]) -> str:
    """A hint that names the file whose name is most like `written`; empty when none is.

    The ending is left out of the comparison: it would make every short name similar to every other.
    """
    stems = {os.path.splitext(name)[0]: name for name in files}
    near = closest(os.path.splitext(written)[0], stems)
    return f"did you mean {stems[near]!r}?" if near is not None else ""


def _error(location: Location, code: str, message: str, hint: str) -> PipelineError:
    return PipelineError([Problem(code, location, message, hint)])


def _templates(places: list[Path]) -> Iterator[str]:
    """Names of the templates that can be used, for a hint. Beside the pipeline, only one folder level is searched."""
    beside, *folders = places
    for path in (*beside.glob("*.j2"), *beside.glob("*/*.j2")):
        yield path.relative_to(beside).as_posix()
    for folder in folders:
        for path in folder.glob("**/*.j2"):
            yield path.relative_to(folder).as_posix()
