"""`promptwire replay`: make a bundled run again from its own answers, without a model, a key or a network, and compare.

Everything happens in a new folder that is deleted afterwards. Files outside of it can't be read by what the bundle says, apart
from shipped ones; the models are portraits that can't be asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from promptwire.api import run_async
from promptwire.backends.replay_backend import ReplayBackend
from promptwire.bundles.format import Manifest, OwnFile, lines_of, safe
from promptwire.cache.disk import ResponseCache
from promptwire.errors import RunError
from promptwire.options import Options
from promptwire.results.provenance import Provenance, fingerprint, hashed
from promptwire.results.report import Report
from promptwire.security import package_data
from promptwire.security.access_log import FileAccessLog
from promptwire.tasks.task import load_task

__all__ = ["replay"]

COMPARED: Final = frozenset({"prompt", "initial_prompt", "test", "train", "counts"})
"""What must come out the same."""


def replay(source: Path, task: str | None = None) -> Report:
    """The report of the run in the bundle `source`, made again, on `task` where it holds no data.

    Raises RunError for a bundle that can't be trusted or read, and when other numbers come out.
    """
    with tempfile.TemporaryDirectory(prefix="promptwire-") as made:
        home = Path(made).resolve()
        manifest = _unpack(source, home)
        origin = manifest.origin
        if manifest.withheld and task is None:
            hint = f"promptwire replay {source} --task ..., with the task that the run was made on"
            raise RunError("this bundle holds no data, so a replay must be given the task", where=str(source), hint=hint)
        mine = FileAccessLog() if task is None else _own(task)
        working = home / "files" / (safe(origin.working) if origin.working != "." else "")
        working.mkdir(parents=True, exist_ok=True)
        for said in (origin.pipeline, *([origin.task] if task is None else ())):
            _require_inside(working, home / "files", said)
        name = origin.task if task is None else _here(task)
        options = _options(origin)
        fence = [home / "files", package_data.package_folder("pipelines"), package_data.package_folder("templates")]
        models = {role: ReplayBackend(portrait) for role, portrait in origin.models.items()}
        with contextlib.chdir(working), _folders(home):
            if task is not None:
                _require_same(task, name, origin, FileAccessLog(fence, set(mine.seen)))
            access_log = FileAccessLog(fence, set(mine.seen))
            report = asyncio.run(run_async(origin.pipeline, name, options, models=models, access_log=access_log))
    same, there = report.model_dump(include=set(COMPARED)), manifest.report.model_dump(include=set(COMPARED))
    other = sorted(name for name in COMPARED if same[name] != there[name])
    if other:
        raise RunError(f"the replay ended with other values of {', '.join(other)}", where=str(source))
    return report.model_copy(update={"run": ""})


def _own(task: str) -> FileAccessLog:
    """Has seen the files of the user's own `task`, which a replay may therefore open. Raises PipelineError or DataError."""
    access_log = FileAccessLog()
    with access_log.recording():
        fingerprint(load_task(task, {"prompt": ""}))
    return access_log


def _here(task: str) -> str:
    """`task` as it is named from any folder."""
    return str(Path(task).absolute()) if os.path.exists(task) else task


def _require_same(task: str, name: str, origin: Provenance, access_log: FileAccessLog) -> None:
    with access_log.recording():
        mark = fingerprint(load_task(name, origin.changes))
    if mark != origin.fingerprint:
        hint = "its examples, prompts, metric, settings and templates must be the same; names and places of files don't matter"
        raise RunError("this is another task than the run in the bundle was made on", where=task, hint=hint)


def _unpack(source: Path, home: Path) -> Manifest:
    """Put the bundle's files and answers into `home`; gives its manifest."""
    manifest: Manifest | None = None
    cache = ResponseCache(home / "cache")
    try:
        for line in lines_of(source):
            if isinstance(line, Manifest):
                manifest = line
                _check_shipped(manifest)
            elif isinstance(line, OwnFile):
                path = home / "files" / safe(line.file)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(line.text, encoding="utf-8", errors="surrogatepass", newline="")
            else:
                cache.put(line.key, line.record.completion, meta=line.record.meta)
    except OSError as error:
        raise RunError(f"the bundle can't be unpacked: {error.strerror}", where=str(source)) from error
    finally:
        cache.close()
    if manifest is None:
        raise RunError("this is no bundle: it is empty", where=str(source))
    return manifest


def _check_shipped(manifest: Manifest) -> None:
    for name, sha in manifest.shipped.items():
        folder, _, rest = name.partition("/")
        if folder not in ("pipelines", "templates"):
            raise RunError(f"{name[:100]!r} is no shipped file", hint="don't trust this bundle")
        path = package_data.package_folder(folder) / safe(rest)
        if not os.path.isfile(path) or hashed(path) != sha:
            hint = "install the version of promptwire that made the bundle"
            raise RunError(f"the shipped file {name} is another one here than when the bundle was made", hint=hint)


def _require_inside(working: Path, root: Path, name: str) -> None:
    """Refuse a pipeline or task outside of the bundle; shipped names have no folder to be in."""
    if not Path(os.path.abspath(working / name)).is_relative_to(root):
        raise RunError(f"{name[:100]!r} leads out of the bundle", hint="don't trust this bundle")


def _options(origin: Provenance) -> Options:
    told: dict[str, Any] = {"params": origin.params, "patches": origin.patches, "task": origin.changes}
    return Options(seed=origin.seed, cache="only", **told)


@contextlib.contextmanager
def _folders(home: Path) -> Iterator[None]:
    """Cache and runs below `home` until the block ends."""
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
