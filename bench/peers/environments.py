"""A virtual environment for each peer, and the versions in all of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["HOME", "forget", "make", "python", "versions"]

ROOT = Path(__file__).parents[2]
HOME = ROOT / "build" / "peers"
"""Folder of the environments and of what the tools write."""

PINS: Mapping[str, tuple[str, ...]] = {
    "dspy": ("dspy[optuna]==3.4.1",),
    "gepa": ("gepa==0.1.4", "litellm>=1.83,<1.92", "tenacity==9.2.1"),
    "promptolution": ("promptolution==2.3.0", "openai==3.57.0"),
}
"""What each environment is made of. gepa sends its requests with litellm, in the range that its extra `full` names, and litellm
tries nothing again without tenacity. promptolution sends them with openai."""

_SHOWN = ("promptwire", "aiohttp", "uvloop", "dspy", "gepa", "promptolution", "litellm", "openai", "httpx", "httpx2")
_ASK = f"""
import importlib.metadata as m, json
found = {{}}
for name in {_SHOWN!r}:
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def python(environment: str) -> str:
    """The interpreter of an environment; the running one where it has no name."""
    return str(HOME / environment / "bin" / "python") if environment else sys.executable


def forget() -> None:
    """Remove what the tools have written."""
    shutil.rmtree(HOME / "work", ignore_errors=True)


def make() -> None:
    """Make the environments that are missing or that have other pins. It takes minutes."""
    for name, pins in PINS.items():
        folder, mark = HOME / name, HOME / name / "pins.txt"
        if mark.exists() and mark.read_text(encoding="utf-8") == "\n".join(pins):
            continue
        print(f"{name}: making its environment", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins], check=True)
        mark.write_text("\n".join(pins), encoding="utf-8")


def versions() -> dict[str, dict[str, str]]:
    """By environment, the versions of the packages that matter here."""
    return {name or "promptwire": _versions(name) for name in ("", *PINS)}


def _versions(name: str) -> dict[str, str]:
    asked = subprocess.run([python(name), "-c", _ASK], check=True, capture_output=True, text=True, cwd=HOME)
    found: dict[str, str] = json.loads(asked.stdout)
    return found
