"""CHANGELOG.md has an entry for the package's version, in the order and form of Keep a Changelog."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENTRIES = re.findall(r"^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_package_version_has_a_dated_entry() -> None:
    assert [bool(date) for name, date in ENTRIES if name == VERSION] == [True]


def test_entries_stand_newest_first_and_only_unreleased_has_no_date() -> None:
    names = [name for name, _ in ENTRIES]
    assert names[0] == "Unreleased"
    assert [name for name, date in ENTRIES if not date] == ["Unreleased"]
    versions = [tuple(int(part) for part in name.split(".")) for name in names[1:]]
    assert versions == sorted(versions, reverse=True)


def test_sections_are_those_of_keep_a_changelog() -> None:
    sections = re.findall(r"^### (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert set(sections) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
