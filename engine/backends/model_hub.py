"""Fetches a model file from a hub with huggingface_hub, which honours HF_ENDPOINT, HF_HOME, tokens and offline mode.

A download that was stopped goes on where it ended. A file that is already in the hub's own cache is linked and not fetched.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from promptwire.backends.download_progress import Say, watched
from promptwire.backends.known_models import folder
from promptwire.errors import ModelUnavailable, UsageError
from promptwire.security.secrets import redact, secrets

__all__ = ["HubFile", "HubMetadata", "fetch_hub", "hub_metadata"]

_SHOWN = 300
"""Characters of a library's message that are shown."""
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors of the disk, not of the hub."""
_WORDS = {
    "OfflineModeIsEnabled": "the hub is in offline mode (HF_HUB_OFFLINE)",
    "GatedRepoError": "the hub asks for the owner's permission: accept the model's terms there, and set HF_TOKEN",
    "RepositoryNotFoundError": "the hub has no such repository, or it is private and needs HF_TOKEN",
    "RevisionNotFoundError": "the repository has no such revision",
    "RemoteEntryNotFoundError": "the repository has no such file",
    "EntryNotFoundError": "the repository has no such file",
}
"""What an error of the library means, by its class."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file in a repository of a hub."""

    repo: str
    """OWNER/NAME."""
    file: str
    """Path of the file in the repository."""
    revision: str
    """Commit, tag or branch."""

    def __str__(self) -> str:
        return f"{self.repo}/{self.file}" + ("" if self.revision == "main" else f"@{self.revision}")

    @property
    def path(self) -> Path:
        """Path in the folder of model files."""
        return folder() / "hub" / f"{self.repo}@{self.revision}" / self.file

    @classmethod
    def parsed(cls, text: str) -> HubFile:
        """`OWNER/REPO/FILE.gguf[@REVISION]`, with or without `local:` and `hf:`. Raises UsageError."""
        head, at, revision = text.removeprefix("local:").removeprefix("hf:").partition("@")
        parts = head.split("/")
        fine = all(re.fullmatch(r"[\w.+-]+", part) and part.strip(".") for part in (*parts, revision) if part)
        if len(parts) < 3 or not all(parts) or not fine or bool(at) != bool(revision) or not head.lower().endswith(".gguf"):
            hint = "write local:hf:OWNER/REPO/FILE.gguf, and @REVISION after it for a commit, tag or branch"
            raise UsageError(f"{text!r} names no file of a hub", where="--model", hint=hint)
        return cls("/".join(parts[:2]), "/".join(parts[2:]), revision or "main")


@dataclass(frozen=True, slots=True)
class HubMetadata:
    """What the hub says of a file."""

    sha256: str
    """SHA-256; empty when it does not say."""
    size: int
    """Size in bytes; 0 when it does not say."""
    url: str
    """Where its bytes are."""
    commit: str
    """The commit that the revision stands for."""


def hub_metadata(wanted: HubFile) -> HubMetadata:
    """Ask the hub for the file's hash and size. Raises ModelUnavailable."""
    hub = _library(wanted)
    try:
        url = hub.hf_hub_url(wanted.repo, wanted.file, revision=wanted.revision)
        found = hub.get_hf_file_metadata(url)
    except Exception as error:
        raise _refused(wanted, error) from error
    etag = (found.etag or "").lower()
    known = etag if re.fullmatch(r"[0-9a-f]{64}", etag) else ""
    return HubMetadata(known, found.size or 0, found.location, found.commit_hash or wanted.revision)


def fetch_hub(wanted: HubFile, target: Path, say: Say, *, metadata: HubMetadata | None = None) -> None:
    """Fetch the file to `target`, or what `target` lacks of it. Raises ModelUnavailable, or OSError when it can't be stored."""
    hub = _library(wanted)
    cached = hub.try_to_load_from_cache(wanted.repo, wanted.file, revision=wanted.revision)
    if isinstance(cached, str):
        _link(Path(cached).resolve(), target)
        return
    found = metadata or hub_metadata(wanted)
    have = target.stat().st_size if target.exists() else 0
    if found.size and have > found.size:
        have = 0
    with target.open("r+b" if have else "wb") as file:
        file.seek(have)
        with watched(lambda: target.stat().st_size, found.size, say):
            _get(wanted, found, file, have)


def _get(wanted: HubFile, found: HubMetadata, file: Any, have: int) -> None:
    hub = _library(wanted)
    from huggingface_hub.file_download import http_get  # noqa: PLC0415 - only where it is needed
    from huggingface_hub.utils.tqdm import tqdm  # noqa: PLC0415 - the same

    headers = hub.utils.build_hf_headers()
    asked = urlsplit(hub.hf_hub_url(wanted.repo, wanted.file, revision=wanted.revision))
    if urlsplit(found.url).netloc != asked.netloc:  # a signed address elsewhere must not get the token
        headers.pop("authorization", None)

    class Silent(tqdm):  # type: ignore[type-arg,misc,unused-ignore]
        """A progress bar that shows nothing: the size of the file is reported instead."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **{**named, "disable": True})  # type: ignore[no-untyped-call,unused-ignore]

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        http_get(found.url, file, resume_size=have, headers=headers, expected_size=found.size or None, tqdm_class=Silent)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK:
            raise
        raise _refused(wanted, error) from error


def _link(cached: Path, target: Path) -> None:
    """Make `target` the file at `cached`, without a copy where the system can."""
    target.unlink(missing_ok=True)
    try:
        os.link(cached, target)
    except OSError:
        shutil.copyfile(cached, target)


def _library(wanted: HubFile) -> Any:
    try:
        import huggingface_hub  # noqa: PLC0415 - 0.3 s, and a run whose model is here needs none
    except ImportError as error:
        hint = "pip install 'promptwire[local]'"
        raise ModelUnavailable("huggingface_hub is not installed", where=str(wanted), hint=hint) from error
    return huggingface_hub


def _refused(wanted: HubFile, error: Exception) -> ModelUnavailable:
    names = [kind.__name__ for kind in type(error).__mro__]
    known = next((_WORDS[name] for name in names if name in _WORDS), "")
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    problem = known or f"the hub can't be reached: {redact(said, secrets())[:_SHOWN]}"
    hint = "check the connection; HF_ENDPOINT names another hub, HF_TOKEN a key"
    return ModelUnavailable(problem, where=str(wanted), hint=hint)
