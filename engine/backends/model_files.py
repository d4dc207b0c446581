"""Model files of the embedded models: fetched at first use, verified by SHA-256 and size, kept in the user's cache folder.

The publisher's hub is asked first, then the packages of the package index. Bytes that came stay beside the file under a name
that begins with a dot, so that a fetch that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from promptwire.backends.download_progress import Say
from promptwire.backends.gguf import unreadable
from promptwire.backends.known_models import ModelFile, find_known, folder
from promptwire.backends.model_hub import HubFile, fetch_hub, hub_metadata
from promptwire.backends.package_mirror import fetch_packages
from promptwire.errors import ModelUnavailable

__all__ = ["fetch", "fetch_from_hub", "fingerprint", "hub_files", "is_hub", "locate", "remove", "store"]

_SPARE = 64_000_000
"""Bytes of disk space that must stay free."""


def locate(name: str, say: Say | None = None) -> Path:
    """Find the file of the model `name`, or download it.

    Raises ModelUnavailable when it can't be downloaded or is damaged, UsageError for an unknown name.
    """
    weights = find_known(name)
    path = weights.path if weights.present else _installed(weights) or fetch(name, say)
    if fingerprint(path) != weights.sha256:
        hint = f"remove it with `promptwire models --remove {name}`; the next run downloads it again"
        if path != weights.path:
            hint = f"it belongs to the installed package {weights.packages.name}: reinstall it, or uninstall it"
        raise ModelUnavailable("the model file is damaged: unexpected SHA-256", where=str(path), hint=hint)
    return path


def fetch(name: str, say: Say | None = None) -> Path:
    """Download the file of the model `name` and return its path.

    Raises ModelUnavailable; what came is kept if the next fetch can go on from there.
    """
    model, say = find_known(name), say or (lambda text: None)
    say(f"fetching {model.title} ({model.size / 1e6:.0f} MB, {model.licence})")
    sources: list[tuple[str, Callable[[Path], None]]] = []
    if model.repo:
        hub = HubFile(model.repo, model.file, model.revision)
        sources.append((f"the hub ({model.repo})", lambda target: fetch_hub(hub, target, say)))
    packages = f"the packages {model.packages.requirement(1)}" + (f" to part {model.parts}" if model.parts > 1 else "")
    sources.append((packages, lambda target: fetch_packages(model, target, say)))
    with storing(model.path, model.size) as target:
        if model.present and fingerprint(model.path) == model.sha256:  # another process has fetched it meanwhile
            return model.path
        problems = []
        for source, bring in sources:
            say(f"asking {source}")
            try:
                bring(target)
                return store(target, model.path, sha256=model.sha256, size=model.size)
            except ModelUnavailable as error:
                problems.append((source, error))
                say(f"{source}: {error.problem}")
    raise _nowhere(model, problems) from problems[-1][1]


def fetch_from_hub(wanted: HubFile, say: Say | None = None) -> Path:
    """Download a file of a hub and return its path. Raises ModelUnavailable; what came is kept for the next fetch."""
    say, found = say or (lambda text: None), hub_metadata(wanted)
    say(f"fetching {wanted} ({found.size / 1e6:.0f} MB, commit {found.commit[:12]}); its licence is that of {wanted.repo}")
    with storing(wanted.path, found.size) as target:
        fetch_hub(wanted, target, say, metadata=found)
        return store(target, wanted.path, sha256=found.sha256, size=found.size)


def hub_files() -> list[HubFile]:
    """The files of hubs that are downloaded."""
    home = folder() / "hub"
    names = sorted(path.relative_to(home).as_posix() for path in home.glob("*/*@*/**/*.gguf"))
    found = []
    for name in names:
        owner, repo, *file = name.split("/")
        repo, _, revision = repo.partition("@")
        found.append(HubFile(f"{owner}/{repo}", "/".join(file), revision))
    return found


def _nowhere(model: ModelFile, problems: list[tuple[str, ModelUnavailable]]) -> ModelUnavailable:
    told = "; ".join(f"{source}: {error.problem}" for source, error in problems)
    hint = problems[-1][1].hint or f"put the file into {model.path.parent}, or name a GGUF file with --model local:FILE"
    return ModelUnavailable(f"the model can't be fetched from {told}", where=model.name, hint=hint)


@contextmanager
def storing(path: Path, size: int) -> Iterator[Path]:
    """The file that takes the bytes for `path` until they are verified; one process at a time.

    Raises ModelUnavailable when there is too little space, or when the disk refuses.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(f".{path.name}.lock")):
            needed = size - (partial.stat().st_size if partial.exists() else 0) + _SPARE
            free = shutil.disk_usage(path.parent).free
            if free < needed:
                raise OSError(f"{needed / 1e6:.0f} MB are needed, and {free / 1e6:.0f} MB are free")
            try:
                yield partial
            finally:
                if partial.exists() and not partial.stat().st_size:
                    partial.unlink()
    except OSError as error:
        hint = "free some disk space, or name another folder with PROMPTWIRE_MODELS"
        raise ModelUnavailable(
            f"the model file can't be stored: {error.strerror or error}", where=str(path.parent), hint=hint
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock at `path`, which another process may wait for. The system lifts it when a process is killed."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows, where two fetches at once are not kept apart
    except ImportError:
        yield
        return
    while True:
        with path.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _same(path, file.fileno()):  # who held it before has deleted it: the next one makes a new one
                continue
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _same(path: Path, descriptor: int) -> bool:
    """Whether `path` still leads to the open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def store(partial: Path, path: Path, *, sha256: str, size: int) -> Path:
    """Verify the bytes in `partial` and move them to `path`. Raises ModelUnavailable and deletes them when they are wrong."""
    have = partial.stat().st_size
    if size and have < size:
        raise ModelUnavailable(f"it ended after {have} of {size} bytes")
    if (size and have != size) or (sha256 and fingerprint(partial) != sha256):
        partial.unlink()
        raise ModelUnavailable("the file has an unexpected SHA-256 or size", hint="nothing was stored; fetch it from elsewhere")
    partial.replace(path)
    return path


def remove(name: str) -> str:
    """Delete the file of the model `name`, and what came of it. Returns a report. Raises UsageError for an unknown name."""
    path = HubFile.parsed(name).path if is_hub(name) else find_known(name).path
    partial = path.with_name(f".{path.name}.part")
    removed = [each for each in (path, partial) if each.is_file()]
    for each in removed:
        each.unlink()
    return f"removed {', '.join(map(str, removed))}" if removed else f"{name} is not downloaded"


def is_hub(name: str) -> bool:
    """Whether `name` is that of a file of a hub."""
    return name.removeprefix("local:").startswith("hf:")


@lru_cache(maxsize=8)
def _hashed(path: str, size: int, modified: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: Path) -> str:
    """SHA-256 of the file at `path`; computed once per process. Raises ModelUnavailable when it can't be read."""
    try:
        state = path.stat()
        return _hashed(str(path), state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise unreadable(path, error) from error


def _installed(weights: ModelFile) -> Path | None:
    """Model file of the package where it is installed in this environment, else None."""
    with suppress(importlib.metadata.PackageNotFoundError):
        path = Path(str(importlib.metadata.distribution(weights.packages.name).locate_file(weights.packages.member)))
        return path if path.is_file() else None
    return None
