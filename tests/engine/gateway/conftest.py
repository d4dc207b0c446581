"""Fixtures for the gateway tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.gateway.gateway_bench import Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path / "cache")
    yield bench
    for gateway in bench.made:
        await gateway.close()
    bench.cache.close()
