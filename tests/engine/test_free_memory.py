"""Free memory: a number, and less in a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire import free_memory as module
from promptwire.free_memory import free_memory


def test_the_free_memory_of_this_machine_is_a_plausible_number() -> None:
    free = free_memory()
    assert free is None or 1_000_000 < free < 1 << 50


def test_the_limit_of_a_container_counts_without_cached_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("memory.max", "1000"), ("memory.current", "700"), ("memory.stat", "anon 1\ninactive_file 200\n")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(module, "_GROUPS", tmp_path)
    assert module._control_group() == 500
    (tmp_path / "memory.max").write_text("max")
    assert module._control_group() is None
