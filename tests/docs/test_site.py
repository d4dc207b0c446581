"""The documentation builds strictly, asks no other server, and leads nowhere that isn't there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from promptwire.registry.node_types import Registry
from tests.docs.doc_pages import ROOT

pytestmark = [
    pytest.mark.heavy(seconds=15),
    pytest.mark.skipif(
        not os.environ.get("CI") and find_spec("sphinx") is None, reason="Sphinx is not here: `make docs` installs it"
    ),
]


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build as `make docs` does."""
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
    return subprocess.run([*command, str(source), str(target)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of docs/, for a build writes pages into it."""
    return Path(shutil.copytree(ROOT / "docs", tmp_path_factory.mktemp("docs") / "docs"))


@pytest.fixture(scope="module")
def site(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site."""
    target = tmp_path_factory.mktemp("site")
    done = build(source, target)
    assert done.returncode == 0, done.stderr
    return target


class Links(HTMLParser):
    """What a page leads to and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.led: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found["id"]} if "id" in found else set()
        if tag == "a" and "href" in found:
            self.led.append(found["href"])
        if tag in ("script", "link", "img", "iframe"):
            self.loaded += [found[name] for name in ("src", "href") if name in found]


def test_every_link_leads_to_a_page_and_a_place_in_it(site: Path) -> None:
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 25
    dead = []
    for page, links in pages.items():
        for link in links.led:
            path, _, place = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if "://" not in link and (target not in pages or (place and place not in pages[target].ids)):
                dead.append((page.name, link))
    assert not dead


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert not [found for found in Links(path.read_text(encoding="utf-8")).loaded if "//" in found], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path.name


def test_every_node_has_its_page_made_from_its_code(site: Path) -> None:
    for name in [name for name in Registry() if ":" not in name]:
        text = (site / "nodes" / f"{name}.html").read_text(encoding="utf-8")
        kind = Registry()[name]
        for field in (*kind.inputs.model_fields, *kind.params.model_fields, *kind.outputs.model_fields):
            assert f'<span class="pre">{field.rstrip("_")}</span>' in text, f"{name}: {field}"


def test_every_command_and_option_is_in_the_reference(site: Path) -> None:
    text = (site / "commands.html").read_text(encoding="utf-8")
    assert all(f"<h2>promptwire {name}<" in text for name in ("run", "check", "plan", "new", "cache ls"))
    assert "--plugins" in text


def test_a_dead_link_fails(source: Path, site: Path, tmp_path: Path) -> None:
    """Built from what is known of the site, so that only the changed page is read."""
    page = source / "algorithms.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n[Nowhere](nowhere.md)\n")
    done = build(source, Path(shutil.copytree(site, tmp_path / "site")))
    assert done.returncode != 0 and "nowhere" in done.stderr
