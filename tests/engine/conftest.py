"""A folder to write pipelines into, which is the working folder, so that messages name files shortly; and a browser for pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.browser import Opened, chromium, visiting
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


# Not for the session: the driver keeps an event loop at work, beside which no other test could run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture
def visit(browser: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Opened]]:
    """Opens a page by its name, one of the module's `pages`.

    A console error, an uncaught error or a request for anything else fails the test.
    """
    with visiting(browser, pages) as go:
        yield go
