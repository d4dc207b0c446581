"""Replay of a bundle: run it again from its completions, without model, key or network, and compare.

The replay happens in a new folder that is deleted afterwards. A bundle can only name files inside that folder. The shipped
files that the run read are put there too, from the bundle or, if it does not hold them, from this installation. Each model is a
ReplayBackend, made from the recorded snapshot; it can't be called.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from promptwire.api import run_async
from promptwire.backends.replay_backend import ReplayBackend
from promptwire.bundles.files import installed, safe_path, shipped_path, write_text
from promptwire.bundles.format import Manifest, OwnFile, ShippedFile, read_lines
from promptwire.cache.disk import ResponseCache
from promptwire.errors import RunError
from promptwire.options import Options
from promptwire.results.provenance import Provenance, fingerprint
from promptwire.results.report import TAKEN_WHOLE, UNREADABLE, Report
from promptwire.security import package_data
from promptwire.security.access_log import FileAccessLog
from promptwire.tasks.task import load_task

__all__ = ["manifest_of", "replay", "shipped_changes"]

COMPARED: Final = frozenset({"prompt", "initial_prompt", "test", "train", "counts"})
"""Fields of the report that must be equal, but for the ends of intervals and the confusion tables."""
_DERIVED: Final = frozenset({"low", "high", "confusion"})
"""What is computed from scores and rows, and may be missing or other in a bundle of another version."""
_ROUNDED: Final = 3
"""Digits of an interval's ends beyond which a difference is not worth a note."""


def replay(source: Path, task: str | None = None, *, keep: Path | None = None) -> Report:
    """Run the bundle `source` again and return the report. `task` is needed for a bundle without data.

    The replay's run folder becomes the new folder `keep`, if that is given. Raises RunError for an invalid bundle, if the
    results differ, and if `keep` can't be made. Intervals that differ give a note.
    """
    if keep is not None and os.path.lexists(keep):
        raise RunError("this exists already", where=str(keep), hint="name a new folder")
    with tempfile.TemporaryDirectory(prefix="promptwire-") as made:
        home = Path(made).resolve()
        manifest = _unpack(source, home)
        shipped = home / "shipped"
        origin = manifest.origin
        if manifest.withheld and task is None:
            hint = f"promptwire replay {source} --task TASK, with the task of the run"
            raise RunError("this bundle holds no data, so a replay needs the task", where=str(source), hint=hint)
        mine = FileAccessLog() if task is None else _own(task)
        working = home / "files" / (safe_path(origin.working) if origin.working != "." else "")
        working.mkdir(parents=True, exist_ok=True)
        for path in (origin.pipeline, *([origin.task] if task is None else ())):
            _require_inside(working, home / "files", path)
        name = origin.task if task is None else _here(task)
        options = _options(origin)
        _add_task(mine, shipped)
        allowed = [home / "files", *(shipped / package for package in package_data.PACKAGES)]
        models = {role: ReplayBackend(snapshot) for role, snapshot in origin.models.items()}
        with contextlib.chdir(working), _folders_in(home), package_data.replaced(shipped):
            if task is not None:
                _require_same(task, name, origin, FileAccessLog(allowed, set(mine.seen)))
            access_log = FileAccessLog(allowed, set(mine.seen))
            report = asyncio.run(run_async(origin.pipeline, name, options, models=models, access_log=access_log))
            if keep is not None:
                _keep(Path(report.run), keep)
    _require_equal(report, manifest.report, source)
    if _intervals(report) != _intervals(manifest.report):
        report = report.noting("the bundle has other intervals of the same scores; these are by the statistics of this version")
    return report.model_copy(update={"run": "" if keep is None else str(keep)})


def _own(task: str) -> FileAccessLog:
    """Record the files of the user's own `task`: a replay may open these. Raises PipelineError or DataError."""
    access_log = FileAccessLog()
    with access_log.recording():
        fingerprint(load_task(task, {"prompt": ""}))
    return access_log


def _here(task: str) -> str:
    """Make `task` independent of the working folder: a path becomes absolute, a shipped name stays."""
    return str(Path(task).absolute()) if os.path.exists(task) else task


def _require_same(task: str, name: str, origin: Provenance, access_log: FileAccessLog) -> None:
    with access_log.recording():
        mark = fingerprint(load_task(name, origin.changes))
    if mark != origin.fingerprint:
        hint = "give the task with the same examples, prompts, metric, settings and templates; file names may differ"
        raise RunError("this is not the task of the run in the bundle", where=task, hint=hint)


def _require_equal(replayed: Report, bundled: Report, source: Path) -> None:
    found, wanted = _results(replayed), _results(bundled)
    different = sorted(name for name in COMPARED if found[name] != wanted[name])
    if different:
        raise RunError(f"the replay differs from the bundle in: {', '.join(different)}", where=str(source))


def _results(report: Report) -> dict[str, Any]:
    """What must be equal.

    Older bundles count a reply that was taken whole as unreadable, so both are one number here.
    """
    found: dict[str, Any] = _without_derived(report.model_dump(include=set(COMPARED)))
    return {**found, "counts": {path: _unread_as_one(counts) for path, counts in report.counts.items()}}


def _unread_as_one(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts of one step, with replies that were taken whole among the unreadable ones."""
    unread = counts.get(UNREADABLE, 0) + counts.get(TAKEN_WHOLE, 0)
    others = {what: n for what, n in counts.items() if what not in {UNREADABLE, TAKEN_WHOLE}}
    return {**others, UNREADABLE: unread} if unread else others


def _without_derived(value: Any) -> Any:
    """A dumped value without what is derived from others."""
    if isinstance(value, Mapping):
        return {name: _without_derived(one) for name, one in value.items() if name not in _DERIVED}
    return [_without_derived(one) for one in value] if isinstance(value, list | tuple) else value


def _intervals(report: Report) -> list[float | None]:
    """The ends of the intervals of both halves, rounded."""
    halves = [half for half in (report.test, report.train) if half is not None]
    scores = [score for half in halves for score in (half.initial, half.best, half.gain)]
    return [None if end is None else round(end, _ROUNDED) for score in scores for end in (score.low, score.high)]


def _keep(folder: Path, target: Path) -> None:
    try:
        shutil.copytree(folder, target)
    except OSError as error:
        raise RunError(f"the run folder can't be kept: {error}"[:500], where=str(target)) from error


def manifest_of(source: Path) -> Manifest:
    """Return the manifest of the bundle `source`. Raises RunError when it has none."""
    first = next(read_lines(source), None)
    if not isinstance(first, Manifest):
        raise RunError("this is not a bundle: it is empty", where=str(source))
    return first


def shipped_changes(manifest: Manifest) -> tuple[str, ...]:
    """Return the names of the shipped files that the run read and that differ in this installation.

    Raises RunError for a name that is not one of a shipped file.
    """
    return tuple(name for name, sha in manifest.shipped.items() if installed(name, sha) is None)


def _unpack(source: Path, home: Path) -> Manifest:
    """Write the bundle's files and completions into `home` and return its manifest."""
    manifest: Manifest | None = None
    cache = ResponseCache(home / "cache")
    try:
        for line in read_lines(source):
            if isinstance(line, Manifest):
                manifest = line
                for name in manifest.shipped:
                    shipped_path(name)
            elif isinstance(line, OwnFile):
                write_text(home / "files" / safe_path(line.file), line.text)
            elif isinstance(line, ShippedFile):
                digest = hashlib.sha256(line.text.encode("utf-8", errors="surrogatepass")).hexdigest()
                if manifest is None or manifest.shipped.get(line.shipped) != digest:
                    hint = "don't trust this bundle"
                    raise RunError(f"the shipped file {line.shipped[:100]} is not the one that the run read", hint=hint)
                write_text(home / "shipped" / shipped_path(line.shipped), line.text)
            else:
                cache.put(line.key, line.record.completion, meta=line.record.meta)
        if manifest is not None:
            _add_installed(manifest, home / "shipped")
    except OSError as error:
        raise RunError(f"the bundle can't be unpacked: {error.strerror}", where=str(source)) from error
    finally:
        cache.close()
    if manifest is None:
        raise RunError("this is not a bundle: it is empty", where=str(source))
    return manifest


def _add_installed(manifest: Manifest, shipped: Path) -> None:
    """Copy the shipped files that the bundle does not hold. Raises RunError for one of another version."""
    for package in package_data.PACKAGES:
        (shipped / package).mkdir(parents=True, exist_ok=True)
    for name, sha in manifest.shipped.items():
        target = shipped / shipped_path(name)
        if target.is_file():
            continue
        path = installed(name, sha)
        if path is None:
            hint = "install the version of promptwire that wrote the bundle"
            raise RunError(f"the shipped file {name} differs from the one that the run read", hint=hint)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _add_task(task: FileAccessLog, shipped: Path) -> None:
    """Copy the shipped files of the user's own `task` that the bundle does not hold."""
    for package in package_data.PACKAGES:
        root = package_data.package_folder(package)
        for path in sorted(path for path in task.seen if path.is_relative_to(root)):
            target = shipped / package / path.relative_to(root)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def _require_inside(working: Path, root: Path, name: str) -> None:
    """Raise RunError for a pipeline or task outside of the bundle. A shipped name is no path and passes."""
    if not Path(os.path.abspath(working / name)).is_relative_to(root):
        raise RunError(f"{name[:100]!r} leads out of the bundle", hint="don't trust this bundle")


def _options(origin: Provenance) -> Options:
    fields: dict[str, Any] = {"params": origin.params, "patches": origin.patches, "task": origin.changes}
    return Options(seed=origin.seed, repeats=origin.repeats, cache="only", cache_url="", **fields)


@contextlib.contextmanager
def _folders_in(home: Path) -> Iterator[None]:
    """Set the cache folder and the runs folder inside `home` until the block ends."""
    names = {"PROMPTWIRE_CACHE": str(home / "cache"), "PROMPTWIRE_RUNS": str(home / "runs")}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
