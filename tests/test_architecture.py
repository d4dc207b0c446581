"""The house rules that a machine can hold: floors, doors, sizes, and a test for every part."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE, NODES = ROOT / "engine", ROOT / "nodes"

FLOORS: tuple[tuple[str, ...], ...] = ()

DOORS = {
    "networkx": "graph",
    "jinja2": "templating",
    "litellm": "models.hosted",
    "diskcache": "cache",
    "yaml": "reading",
    "aiohttp": "models.wire",
    "xllamacpp": "models.llama_child",
    "typer": "cli",
    "platformdirs": "models.weights",
}
"""Each third-party library and the one module that imports it. Pydantic and Rich (screens) are everywhere they are needed."""

LONGEST_FILE = 300
LONGEST_FUNCTION = 50
