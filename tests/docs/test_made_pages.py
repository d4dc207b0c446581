"""Pages of docs/ that are made from code are the present ones: `make pages` writes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from promptwire.documents import resources
from promptwire.drawing import dot
from promptwire.language.check import load_graph

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def modules() -> tuple[Any, Any]:
    """The two programs of docs/."""
    sys.path.insert(0, str(DOCS))
    try:
        import made_pages
        import optimizer_pages
    finally:
        sys.path.remove(str(DOCS))
    return made_pages, optimizer_pages


def test_pages_of_nodes_commands_and_values_are_what_the_code_says(modules: tuple[Any, Any]) -> None:
    pages = modules[0].made_pages()
    assert {path for path, text in pages.items() if (DOCS / path).read_text(encoding="utf-8") != text} == set()
    assert {f"nodes/{file.name}" for file in (DOCS / "nodes").iterdir()} == {
        path for path in pages if path.startswith("nodes/")
    }


def test_pages_of_optimizers_are_what_the_files_say(modules: tuple[Any, Any]) -> None:
    found = modules[1].families()
    old = [one.names[0] for one in found if (DOCS / f"optimizers/{one.names[0]}.md").read_text("utf-8") != modules[1].page(one)]
    assert old == []
    assert (DOCS / "optimizers/index.md").read_text("utf-8") == modules[1].index(found)


def test_each_picture_was_drawn_from_the_present_pipeline(modules: tuple[Any, Any]) -> None:
    for one in modules[1].families():
        svg = (DOCS / f"optimizers/{one.names[0]}.svg").read_text("utf-8")
        assert svg.startswith(f"<!-- {modules[1].mark(dot.render(load_graph(one.names[0])))} -->\n<svg"), one.names[0]


def test_every_shipped_pipeline_stands_on_the_page_of_one_optimizer(modules: tuple[Any, Any]) -> None:
    named = [name for one in modules[1].families() for name in one.names]
    assert sorted(named) == sorted(resources.pipelines())


def test_links_of_the_folder_lead_to_files() -> None:
    import re

    for page in (*DOCS.glob("*.md"), *DOCS.glob("*/*.md")):
        for link in re.findall(
            r"\]\(([^)#]+)(?:#[^)]*)?\)", re.sub(r"^(`{3,}).*?^\1", "", page.read_text("utf-8"), flags=re.M | re.S)
        ):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
