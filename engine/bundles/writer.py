"""`promptwire bundle`: one file with all that a run needs to be made again without a model.

In it are the user's own pipeline, templates and task file, the answers that were used, and the report. The task's examples are
in it only on request: often they may not be given away, and its fingerprint is enough to tell whether somebody has the same.
Shipped files are named by their hashes. A file that has changed since the run, an answer that is gone, and a secret of the
environment are errors: a bundle that would not replay, or that would tell, is not written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from promptwire.bundles.format import LARGEST, Manifest, lines_of, safe
from promptwire.cache.disk import ResponseCache
from promptwire.cache.jsonl import write_line
from promptwire.cache.maintenance import CacheEntry
from promptwire.errors import RunError
from promptwire.results.call_diff import read_calls
from promptwire.results.provenance import Provenance, hashed
from promptwire.results.report import Report
from promptwire.security import package_data
from promptwire.security.secrets import secrets
from promptwire.security.untrusted_json import read_json
from promptwire.values.hashing import canonical

__all__ = ["write_bundle"]


def write_bundle(run: Path, cache: Path, target: Path, *, data: bool = False) -> int:
    """Write the bundle of the run in the folder `run` to the new file `target`, with the task's `data` or without.

    Gives the number of files with examples that were left out.

    Raises RunError or CacheError, and then leaves no file.
    """
    origin, report = Provenance.model_validate(_json(run, "run.json")), Report.model_validate(_json(run, "report.json"))
    if report.limit is not None:
        hint = "a replay spends nothing and would go on where the run had to end; run it again without the limit"
        raise RunError(f"a budget cut this run short ({report.limit})", where=str(run), hint=hint)
    if left_out := len(report.test.left_out) + len(report.train.left_out):
        hint = "a replay would miss their answers; take them out of the task's data, or run it where they can be answered"
        raise RunError(f"the report leaves out {left_out} examples whose calls failed", where=str(run), hint=hint)
    manifest, own = _described(origin, report, data)
    known = secrets()
    part, count = target.with_name(target.name + ".part"), 0
    if os.path.lexists(target):
        raise RunError("this file is there already", where=str(target), hint="name a new one: --to FILE")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            for line in _lines(manifest, own, run, cache):
                if any(json.dumps(secret)[1:-1] in line for secret in known):
                    raise RunError("a secret of your environment would be in the bundle", where=_named(line))
                if len(line) >= LARGEST:
                    hint = "keep its examples out with --no-data, or make the file smaller"
                    raise RunError(f"a line of a bundle has at most {LARGEST >> 20} MB", where=_named(line), hint=hint)
                file.write(line + "\n")
                count += 1
            file.write(canonical({"end": count}) + "\n")
        for _ in lines_of(part):  # what a replay would refuse is not written
            pass
        part.replace(target)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror}", where=str(target)) from error
    finally:
        part.unlink(missing_ok=True)
    return manifest.withheld


def _lines(manifest: Manifest, own: Mapping[Path, str], run: Path, cache: Path) -> Iterator[str]:
    """All lines but the last. Raises RunError or CacheError."""
    try:
        yield canonical(manifest.model_dump(mode="json"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"run.json or report.json holds what JSON can't: {error}", where=str(run)) from error
    yield from _texts(own)
    yield from _answers(run, cache)


def _described(origin: Provenance, report: Report, data: bool) -> tuple[Manifest, dict[Path, str]]:
    """The manifest, and the user's own files by their names in the bundle."""
    roots = {folder: package_data.package_folder(folder) for folder in ("pipelines", "templates")}
    given: dict[str, str] = {}
    own: dict[Path, str] = {}
    for name, sha in origin.files.items():
        path = Path(name)
        home = next((folder for folder, root in roots.items() if path.is_relative_to(root)), None)
        if hashed(path) != sha:
            raise RunError("this file has changed since the run", where=name, hint="run it again, which costs nothing")
        if home is not None:
            given[f"{home}/{path.relative_to(roots[home]).as_posix()}"] = sha
        else:
            own[path] = sha
    withheld = [path for path in own if not data and str(path) in origin.data]
    if withheld and not origin.fingerprint:
        raise RunError("this run has no fingerprint of its task", hint="run it again, which costs nothing")
    top = Path(os.path.commonpath([origin.working, *map(str, own)]))
    names = {path: str(safe(path.relative_to(top).as_posix())) for path in own if path not in withheld}
    files = {name: own[path] for path, name in names.items()}
    working = Path(origin.working).relative_to(top).as_posix()
    told = origin.model_copy(update={"files": files, "working": working, "data": ()})
    clean = report.model_copy(update={"run": ""})
    left = len(withheld)
    return Manifest(promptwire="bundle", version=1, origin=told, shipped=given, withheld=left, report=clean), names


def _texts(names: Mapping[Path, str]) -> Iterator[str]:
    """The user's own files."""
    for path, name in names.items():
        try:
            yield canonical({"file": name, "text": path.read_text(encoding="utf-8")})
        except UnicodeDecodeError as error:
            raise RunError("this file is not UTF-8", where=str(path)) from error


def _answers(run: Path, folder: Path) -> Iterator[str]:
    """The answers that the run used, each once."""
    keys = dict.fromkeys(call.key for call in read_calls(run, ""))
    cache = ResponseCache(folder)
    try:
        for key in keys:
            kept = cache.look(key)
            if kept is None:
                hint = "runs with --cache off keep none; else run it again with the same command, then bundle that run"
                raise RunError(f"the cache has not the answer {key[:12]} that this run used", where=str(run), hint=hint)
            yield write_line(CacheEntry(key, kept))
    finally:
        cache.close()


def _json(run: Path, name: str) -> Any:
    try:
        data = read_json((run / name).read_bytes())
    except OSError as error:
        hint = "only a run that came to its end can be bundled: run the same command again"
        raise RunError(f"there is no {name} in this run folder", where=str(run), hint=hint) from error
    except ValueError as error:
        raise RunError(f"{name} can't be read: {error}", where=str(run)) from error
    try:
        (Provenance if name == "run.json" else Report).model_validate(data)
    except ValidationError as error:
        raise RunError(f"{name} is none of promptwire's: {error.errors()[0]['msg']}", where=str(run)) from error
    return data


def _named(line: str) -> str:
    data = json.loads(line)
    return str(data.get("file") or data.get("key") or "the manifest")
