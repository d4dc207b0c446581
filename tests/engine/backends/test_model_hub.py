"""Files of a hub, fetched with the real huggingface_hub from a hub on 127.0.0.1."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import huggingface_hub
import huggingface_hub.file_download
import pytest

from promptwire.backends import model_files
from promptwire.backends.factory import backend
from promptwire.backends.known_models import KNOWN, ModelFile, Packages
from promptwire.backends.local_sources import HubModel, find_source
from promptwire.backends.model_files import fetch, fetch_from_hub, hub_files, remove
from promptwire.backends.model_hub import HubFile
from promptwire.errors import ModelUnavailable, UsageError
from tests.hub_server import COMMIT, Hub, hub_server

CONTENT = b"GGUF" + bytes(range(256)) * 400
FILE = HubFile("acme/tiny-GGUF", "tiny.gguf", "main")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one file; model files and the library's cache are in temporary folders, and pip reaches no index."""
    monkeypatch.setenv("PROMPTWIRE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    monkeypatch.setattr(huggingface_hub.file_download.time, "sleep", lambda seconds: None)
    with hub_server() as server:
        server.files["acme/tiny-GGUF/tiny.gguf"] = CONTENT
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.url)
        url = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", url)
        yield server


@pytest.fixture
def tiny(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> ModelFile:
    """A known model whose publisher is that hub; no package holds it."""
    packages = Packages(name="no-such-weights-part{n}", version="1.0", member="x/{n}", part_size=50_000)
    known = ModelFile(
        name="tiny",
        title="Tiny",
        licence="MIT",
        file="tiny.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        packages=packages,
        repo="acme/tiny-GGUF",
        revision=COMMIT,
    )
    monkeypatch.setitem(KNOWN, "tiny", known)
    return known


def left(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def test_a_known_model_comes_from_its_publisher_at_the_pinned_revision(hub: Hub, tiny: ModelFile) -> None:
    said: list[str] = []
    assert fetch("tiny", said.append).read_bytes() == CONTENT
    assert left(tiny.path) == ["tiny.gguf"]
    assert f"/acme/tiny-GGUF/resolve/{COMMIT}/tiny.gguf" in {path for _, path, _, _ in hub.asked}
    assert "MIT" in said[0]
    assert "acme/tiny-GGUF" in said[1]


def test_a_half_download_goes_on_where_it_ended(hub: Hub, tiny: ModelFile) -> None:
    tiny.path.parent.mkdir(parents=True)
    tiny.path.with_name(".tiny.gguf.part").write_bytes(CONTENT[:40_000])
    assert fetch("tiny").read_bytes() == CONTENT
    assert hub.ranges == ["bytes=40000-"]
    assert left(tiny.path) == ["tiny.gguf"]


def test_transfers_that_break_off_are_continued(hub: Hub, tiny: ModelFile) -> None:
    hub.cut = 60_000
    assert fetch("tiny").read_bytes() == CONTENT
    assert hub.ranges == ["", "bytes=60000-"]


def test_a_hub_that_dies_leaves_what_can_be_resumed(hub: Hub, tiny: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.cut = 30_000

    def gone(seconds: float) -> None:
        hub.status = 503

    monkeypatch.setattr(huggingface_hub.file_download.time, "sleep", gone)
    with pytest.raises(ModelUnavailable, match="can't be fetched from the hub"):
        fetch("tiny")
    hub.status = hub.cut = 0
    assert left(tiny.path) == [".tiny.gguf.part"]
    hub.asked.clear()
    assert fetch("tiny").read_bytes() == CONTENT
    assert hub.ranges == ["bytes=30000-"]


def test_wrong_bytes_are_refused_and_not_kept(hub: Hub, tiny: ModelFile) -> None:
    hub.served = CONTENT[:-1] + b"x"
    with pytest.raises(ModelUnavailable, match="unexpected SHA-256") as caught:
        fetch("tiny")
    assert "no-such-weights-part1==1.0" in caught.value.problem
    assert left(tiny.path) == []


@pytest.mark.parametrize(
    ("status", "error", "problem"),
    [
        (500, "", "can't be reached"),
        (401, "GatedRepo", "asks for the owner's permission"),
        (401, "RepoNotFound", "no such repository"),
        (404, "EntryNotFound", "no such file"),
        (404, "RevisionNotFound", "no such revision"),
    ],
)
def test_each_refusal_of_the_hub_is_one_clear_error(hub: Hub, status: int, error: str, problem: str) -> None:
    hub.status, hub.error = status, error
    with pytest.raises(ModelUnavailable, match=problem) as caught:
        fetch_from_hub(FILE)
    assert "HF_ENDPOINT" in caught.value.hint
    assert not FILE.path.parent.exists() or left(FILE.path) == []


def test_an_unreachable_hub_is_one_clear_error(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", url)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="can't be reached"):
        fetch_from_hub(FILE)


def test_offline_mode_is_honoured(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelUnavailable, match="offline mode"):
        fetch_from_hub(FILE)
    assert hub.asked == []


def test_the_token_goes_to_the_hub_and_not_to_its_storage(hub: Hub, tiny: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 20)
    fetch("tiny")
    assert {path.startswith("/storage/"): token for _, path, _, token in hub.asked} == {False: True, True: False}


def test_a_file_in_the_librarys_cache_is_used_without_a_request(hub: Hub, tiny: ModelFile) -> None:
    huggingface_hub.hf_hub_download(tiny.repo, tiny.file, revision=COMMIT)
    hub.asked.clear()
    assert fetch("tiny").read_bytes() == CONTENT
    assert hub.asked == []


def test_too_little_space_is_said_before_anything_is_fetched(
    hub: Hub, tiny: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 1_000_000))
    with pytest.raises(ModelUnavailable, match=r"64 MB are needed, and 1 MB are free") as caught:
        fetch("tiny")
    assert "PROMPTWIRE_MODELS" in caught.value.hint
    assert hub.asked == []
    assert left(tiny.path) == []


def test_a_disk_that_is_full_is_said_and_leaves_what_can_be_resumed(
    hub: Hub, tiny: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(url: str, file: IO[bytes], **named: object) -> None:
        file.write(CONTENT[:5_000])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(huggingface_hub.file_download, "http_get", full)
        with pytest.raises(ModelUnavailable, match="can't be stored: No space left") as caught:
            fetch("tiny")
    assert "free some disk space" in caught.value.hint
    assert left(tiny.path) == [".tiny.gguf.part"]
    assert fetch("tiny").read_bytes() == CONTENT
    assert hub.ranges == ["bytes=5000-"]


def test_any_file_of_a_hub_is_a_model_with_the_hash_that_the_hub_tells(hub: Hub) -> None:
    name = "local:hf:acme/tiny-GGUF/tiny.gguf"
    identity = backend(name).identity
    assert identity == f"llama.cpp {hashlib.sha256(CONTENT).hexdigest()}"
    assert hub.ranges == []
    assert fetch_from_hub(FILE).read_bytes() == CONTENT
    asked = len(hub.asked)
    assert backend(name).identity == identity
    assert len(hub.asked) == asked
    assert hub_files() == [FILE]
    assert "removed" in remove(name)
    assert hub_files() == []


def test_a_file_of_a_commit_is_kept_apart(hub: Hub) -> None:
    source = find_source(f"local:hf:acme/tiny-GGUF/tiny.gguf@{COMMIT}")
    assert isinstance(source, HubModel)
    fetch_from_hub(source.file)
    assert [file.revision for file in hub_files()] == [COMMIT]
    assert source.header is not None
    assert str(source.file) == f"acme/tiny-GGUF/tiny.gguf@{COMMIT}"


@pytest.mark.parametrize(
    "text",
    ["a/b", "a/b/c.bin", "a/../c.gguf", "a/b/../../c.gguf", "a/b/c.gguf@", "a/b/c.gguf@..", "a/b/c.gguf@x/y", "a//c.gguf"],
)
def test_a_name_that_is_no_file_of_a_hub_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no file of a hub") as caught:
        find_source(f"local:hf:{text}")
    assert "OWNER/REPO/FILE.gguf" in caught.value.hint


def test_the_command_line_fetches_from_the_hub_of_the_environment(hub: Hub, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "promptwire", "models", "--fetch", "hf:acme/tiny-GGUF/tiny.gguf"]
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "NO_PROXY": "*"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).read_bytes() == CONTENT
    assert "licence" in done.stderr


def test_without_huggingface_hub_the_error_names_the_extra(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelUnavailable, match="not installed") as caught:
        fetch_from_hub(FILE)
    assert "promptwire[local]" in caught.value.hint


def test_an_unknown_size_is_stored_as_it_comes(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    with model_files.storing(path, 0) as partial:
        partial.write_bytes(CONTENT)
        assert model_files.store(partial, path, sha256="", size=0).read_bytes() == CONTENT


def test_packages_are_asked_when_the_hub_has_other_bytes(hub: Hub, tiny: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "tiny", replace(tiny, sha256="0" * 64))
    said: list[str] = []
    with pytest.raises(ModelUnavailable):
        fetch("tiny", said.append)
    assert [line for line in said if "packages" in line]
