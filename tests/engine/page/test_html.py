"""The page as a file: one file, its policy and its data, whatever is in the texts."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from promptwire.page.data import page_data
from promptwire.page.html import COMPARISON_SCRIPTS, RUN_SCRIPTS, render_page
from promptwire.page.values import PageData
from promptwire.results.run import Run
from tests.page_runs import HOSTILE, page_run

FOLDER = Path(__file__).parents[3] / "engine" / "page"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> PageData:
    """Data with hostile texts."""
    return page_data(Run.open(page_run(tmp_path_factory.mktemp("run") / "run")))


class Parts(HTMLParser):
    """Elements of a page as a browser finds them, with the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.policy = ""
        self.scripts: list[str] = []
        self._in = ""
        self.title = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in = tag
        known = dict(attrs)
        if known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known["content"] or ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data
        elif self._in == "title":
            self.title += data


def test_the_data_are_read_back_from_the_page_by_any_program(data: PageData) -> None:
    page = render_page(data, None)
    packed = re.search(r'id="data">([^<]*)<', page)
    assert packed is not None
    found = json.loads(gzip.decompress(base64.b64decode(packed[1])))
    assert found["best"]["text"].endswith(HOSTILE) and found["format"] == 1
    assert HOSTILE.encode("utf-8", "replace").decode() not in page


@pytest.mark.parametrize("library", [None, "let a = '</script><!--';\r\n"])
def test_each_script_is_named_by_its_hash_and_no_other_can_run(data: PageData, library: str | None) -> None:
    parts = Parts(render_page(data, library))
    scripts = parts.scripts[1:]
    assert len(scripts) == (1 if library is None else 2)
    for script in scripts:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in parts.policy
    allowed = parts.policy.partition("script-src ")[2].partition(";")[0]
    assert "unsafe-inline" not in allowed and ("'unsafe-eval'" in allowed) == (library is not None)
    assert "\r" not in "".join(scripts)  # a browser reads it as a line feed, and the hash would not fit


def test_names_of_pipeline_and_task_can_not_end_the_title(data: PageData) -> None:
    parts = Parts(render_page(replace(data, run={**data.run, "pipeline": "</title><script>1</script>@data@"}), None))
    assert parts.title == "</title><script>1</script>@data@ on labels"
    assert parts.tags.count("script") == 2


def test_two_pages_of_the_same_run_are_equal(data: PageData) -> None:
    assert render_page(data, None) == render_page(data, None)


def test_all_sources_are_in_the_page_and_set_no_markup() -> None:
    assert {path.stem for path in FOLDER.glob("*.js")} == {*RUN_SCRIPTS, *COMPARISON_SCRIPTS}
    for path in FOLDER.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|fetch\(|XMLHttpRequest|https?://", text
        ), path
        assert len(text.splitlines()) <= 250
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    assert "url(" not in style and "@import" not in style
