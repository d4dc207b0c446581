"""The real promptfoo, started as a process of its own that reaches no network: `make tools` installs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ENTRY = (
    Path(__file__).parent.parent
    / "build"
    / "tools"
    / "promptfoo"
    / "node_modules"
    / "promptfoo"
    / "dist"
    / "src"
    / "entrypoint.js"
)
LONGEST = 180
"""Seconds after which an evaluation is ended."""


def require_promptfoo() -> None:
    """Skip the test where promptfoo is not installed; fail in CI."""
    if not ENTRY.is_file() or shutil.which("node") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promptfoo is not installed: run make tools")
        pytest.skip("promptfoo is not installed: run make tools")


def evaluated(config: Path, address: str, home: Path) -> list[dict[str, Any]]:
    """The results of `promptfoo eval` on `config`, with the OpenAI-compatible server at `address`."""
    out = home / f"{config.parent.name}-results.json"
    own = {
        "OPENAI_BASE_URL": address,
        "OPENAI_API_BASE_URL": address,
        "OPENAI_API_KEY": "none",
        "PROMPTFOO_CONFIG_DIR": str(home),
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
        "PROMPTFOO_DISABLE_SHARING": "1",
        "PROMPTFOO_CACHE_ENABLED": "false",
    }
    command = ["node", str(ENTRY), "eval", "-c", str(config), "--no-cache", "--no-write", "--no-table", "--no-progress-bar"]
    done = subprocess.run(
        [*command, "-o", str(out)],
        cwd=config.parent,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert out.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
    results: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["results"]["results"]
    return results
