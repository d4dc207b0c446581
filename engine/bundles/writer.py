"""Writing of a bundle: one file with all that a replay of a run needs.

A bundle holds the pipeline, templates and task file, the user's own and the shipped ones, the completions that the run used,
and the report. The task's examples are included only on request, since they often may not be shared. The task's fingerprint is
enough to recognise the same task. A name that ends in `.gz` means compressed. No bundle is written if it would not replay (a
file has changed since the run, or a completion is gone), or if it would contain a secret of the environment.
"""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from promptwire.bundles.files import Layout, shipped_name
from promptwire.bundles.format import LARGEST, Manifest, read_lines
from promptwire.cache.disk import ResponseCache
from promptwire.cache.jsonl import write_line
from promptwire.cache.maintenance import CacheEntry
from promptwire.errors import RunError
from promptwire.results.call_diff import read_calls
from promptwire.results.provenance import Provenance, hashed
from promptwire.results.report import Report
from promptwire.security.secrets import secrets
from promptwire.security.untrusted_json import read_json
from promptwire.values.hashing import canonical

__all__ = ["write_bundle"]


def write_bundle(run: Path, cache: Path, target: Path, *, data: bool = False) -> int:
    """Write the bundle of the run in the folder `run` to the new file `target`, with or without the task's `data`.

    Returns the number of files with examples that were left out. Raises RunError or CacheError, and then leaves no file.
    """
    origin, report = Provenance.model_validate(_json(run, "run.json")), Report.model_validate(_json(run, "report.json"))
    if report.limit is not None:
        hint = "a replay has no budget and would continue past that point; run it again without the limit"
        raise RunError(f"a budget ended this run early ({report.limit})", where=str(run), hint=hint)
    if report.stages_ended:
        hint = "a replay has all answers at once and would continue past that point; run it again without limits on stages"
        raise RunError(f"a limit ended a stage ({next(iter(report.stages_ended.values()))})", where=str(run), hint=hint)
    if left_out := len(report.test.left_out) + len(report.train.left_out):
        hint = "a replay would miss their completions; remove them from the task's data, or run it with another model"
        raise RunError(f"the report leaves out {left_out} examples whose calls failed", where=str(run), hint=hint)
    if origin.given:
        hint = "write the examples into a data file and the metric into a plug-in, and run these"
        raise RunError(f"{' and '.join(origin.given)} of this run were given in Python", where=str(run), hint=hint)
    manifest, own, shipped = _manifest(origin, report, data)
    known = secrets()
    part, count = target.with_name(target.name + ".part"), 0
    if os.path.lexists(target):
        raise RunError("this file exists already", where=str(target), hint="name a new one: --to FILE")
    try:
        with _opened(part, packed=target.suffix == ".gz") as file:
            for line in _lines(manifest, own, shipped, (run, cache)):
                if any(json.dumps(secret)[1:-1] in line for secret in known):
                    raise RunError("the bundle would contain a secret of your environment", where=_location(line))
                if len(line) >= LARGEST:
                    hint = "leave the examples out with --no-data, or make the file smaller"
                    raise RunError(f"a line of a bundle has at most {LARGEST >> 20} MB", where=_location(line), hint=hint)
                file.write(line + "\n")
                count += 1
            file.write(canonical({"end": count}) + "\n")
        for _ in read_lines(part):  # refuse to write a bundle that a replay would refuse
            pass
        part.replace(target)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror}", where=str(target)) from error
    finally:
        part.unlink(missing_ok=True)
    return manifest.withheld


@contextmanager
def _opened(path: Path, *, packed: bool) -> Iterator[IO[str]]:
    """Open the new file `path` for its owner only; with `packed`, compressed, and the same bytes for the same lines."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        inner = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) if packed else raw
        with io.TextIOWrapper(inner, encoding="ascii", newline="\n") as file:
            yield file


def _lines(
    manifest: Manifest, own: Mapping[Path, str], shipped: Mapping[Path, str], source: tuple[Path, Path]
) -> Iterator[str]:
    """All lines except the last. `source` is the run folder and the cache folder. Raises RunError or CacheError."""
    run, cache = source
    try:
        yield canonical(manifest.model_dump(mode="json"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"run.json or report.json can't be written as JSON: {error}", where=str(run)) from error
    yield from _files("file", own)
    yield from _files("shipped", shipped)
    yield from _completions(run, cache)


def _manifest(origin: Provenance, report: Report, data: bool) -> tuple[Manifest, dict[Path, str], dict[Path, str]]:
    """Make the manifest, and map the user's own files and the shipped ones to their names in the bundle."""
    shipped: dict[Path, str] = {}
    given: dict[str, str] = {}
    own: dict[Path, str] = {}
    for name, sha in origin.files.items():
        path = Path(name)
        shown = shipped_name(path)
        if hashed(path) != sha:
            raise RunError("this file has changed since the run", where=name, hint="run it again; cached calls cost nothing")
        if shown is not None:
            given[shown] = sha
            if data or name not in origin.data:
                shipped[path] = shown
        else:
            own[path] = sha
    withheld = [path for path in own if not data and str(path) in origin.data]
    if withheld and not origin.fingerprint:
        raise RunError("the run folder has no fingerprint of the task", hint="run it again; cached calls cost nothing")
    layout = Layout.of(Path(origin.working), own)
    names = {path: layout.name(path) for path in own if path not in withheld}
    files = {name: own[path] for path, name in names.items()}
    relative = origin.model_copy(update={"files": files, "working": layout.working_name, "data": ()})
    clean = report.model_copy(update={"run": ""})
    left = len(withheld)
    manifest = Manifest(promptwire="bundle", version=1, origin=relative, shipped=given, withheld=left, report=clean)
    return _without_folders(manifest), names, shipped


def _without_folders(manifest: Manifest) -> Manifest:
    """`manifest` with the file names of local models in place of their paths."""
    text = manifest.model_dump_json()
    for name in {snapshot.name for snapshot in manifest.origin.models.values()}:
        kind, _, path = name.partition(":")
        if kind == "local" and not path.startswith("hf:"):
            text = text.replace(json.dumps(name)[1:-1], f"local:{json.dumps(os.path.basename(path))[1:-1]}" if path else name)
    return Manifest.model_validate_json(text)


def _files(kind: str, names: Mapping[Path, str]) -> Iterator[str]:
    """Lines with files, by their names; `kind` is the key of the name."""
    for path, name in names.items():
        try:
            # Not read_text: it would change line ends, and the file would no longer be the one that the run read.
            yield canonical({kind: name, "text": path.read_bytes().decode("utf-8")})
        except UnicodeDecodeError as error:
            hint = "a bundle holds files of UTF-8: make it with --no-data, or run with the data as JSON Lines"
            raise RunError("this file is not UTF-8", where=str(path), hint=hint) from error


def _completions(run: Path, folder: Path) -> Iterator[str]:
    """Lines with the completions that the run used, each once."""
    keys = dict.fromkeys(call.key for call in read_calls(run, ""))
    cache = ResponseCache(folder)
    try:
        for key in keys:
            record = cache.look(key)
            if record is None:
                hint = "run the same command again without --cache off, then bundle that run"
                raise RunError(f"the completion {key[:12]} that this run used is not in the cache", where=str(run), hint=hint)
            yield write_line(CacheEntry(key, record))
    finally:
        cache.close()


def _json(run: Path, name: str) -> Any:
    try:
        data = read_json((run / name).read_bytes())
    except OSError as error:
        hint = "only a finished run can be bundled: run the same command again"
        raise RunError(f"there is no {name} in this run folder", where=str(run), hint=hint) from error
    except ValueError as error:
        raise RunError(f"{name} can't be read: {error}", where=str(run)) from error
    try:
        (Provenance if name == "run.json" else Report).model_validate(data)
    except ValidationError as error:
        raise RunError(f"{name} is not a file of promptwire: {error.errors()[0]['msg']}", where=str(run)) from error
    return data


def _location(line: str) -> str:
    data = json.loads(line)
    return str(data.get("file") or data.get("shipped") or data.get("key") or "the manifest")
