"""One sweep for all tests of clusters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cluster_parts import Parts

from tests.cluster.shown import Shown


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The sweep, run once in one process."""
    folder = tmp_path_factory.mktemp("shown")
    with Parts(folder / "parts") as parts:
        yield Shown(parts, folder)


@pytest.fixture
def shown(once: Shown) -> Shown:
    """The sweep, with a model that takes 20 ms and has counted nothing yet."""
    once.model.set(latency=0.02)
    once.model.forget()
    return once


@pytest.fixture
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Parts that end with the test."""
    with Parts(tmp_path_factory.mktemp("parts")) as started:
        yield started
