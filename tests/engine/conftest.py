"""A folder to write pipelines into, which is the working folder, so that messages name files shortly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.sample_project import Project

settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Project(folder)
