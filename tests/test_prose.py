"""Prose names the actor: no file speaks of people who do not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("engine", "nodes", "pipelines", "docs", "bench", "tests")
# Read from the letters apart, so that this file does not break its own rule.
BANNED = [first + second for first in ("no", "some", "any", "every") for second in ("body", "one")]
BANNED.remove("no" + "one")
BANNED += ["no " + "one", "who" + "ever", "strang" + "er", "strang" + "ers"]
# The distinct senses of these words: `any one` of a set, `every one` of a set are two words and stay.
PATTERN = re.compile(rf"(?<![a-z])(?:{'|'.join(BANNED)})(?![a-z])", re.IGNORECASE)


def files() -> list[Path]:
    """Python, Markdown and YAML of the project; not the examples of tasks, which are data."""
    found = [path for folder in FOLDERS for suffix in ("py", "md", "yaml") for path in (ROOT / folder).rglob(f"*.{suffix}")]
    # Pages made from other files: their sources are tested, and the templates that they show are texts for models.
    made = [ROOT / "docs" / folder for folder in ("nodes", "optimizers")]
    kept = (path for path in found if "__pycache__" not in path.parts and not any(map(path.is_relative_to, made)))
    # The page of results quotes what models wrote.
    return sorted([*ROOT.glob("*.md"), *(path for path in kept if path != ROOT / "docs" / "results.md")])


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_line_uses_a_word_for_an_unnamed_person(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert not [f"{number}: {line.strip()}" for number, line in enumerate(lines, 1) if PATTERN.search(line)]


@pytest.mark.parametrize("line", ["no" + "body reads it", "SOME" + "ONE", "a strang" + "er's file", "test_some" + "body_asks"])
def test_the_pattern_finds_the_words(line: str) -> None:
    assert PATTERN.search(line)


@pytest.mark.parametrize("line", ["any one of them", "stronger", "a phone", "none", "some oneself"])
def test_the_pattern_leaves_other_words(line: str) -> None:
    assert not PATTERN.search(line)
