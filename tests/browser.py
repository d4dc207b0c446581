"""The system's Chromium for tests of pages: what a page says, what it asks for, and the rows of its tables."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

__all__ = ["NEEDS_BROWSER", "Opened", "chromium", "visiting"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_CHROMIUM = next((path for path in map(shutil.which, _NAMES) if path), None)
NEEDS_BROWSER = pytest.mark.skipif(
    not os.environ.get("CI") and (_CHROMIUM is None or find_spec("playwright") is None),
    reason="no Chromium or no Playwright here; .ci/run installs both",
)


@dataclass
class Opened:
    """A page in the browser with what it said and asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def rows(self, section: str) -> list[str]:
        """Texts of the rows of the table in `section` that are drawn."""
        found: list[str] = self.page.locator(f"#{section} .virtual tbody tr[data-at]").all_inner_texts()
        return found

    def has(self, selector: str, count: int) -> None:
        """Wait until `count` elements fit `selector`: what opens or closes tells its listeners a moment later."""
        from playwright.sync_api import expect

        expect(self.page.locator(selector)).to_have_count(count)

    def closed(self) -> None:
        """Wait until the dialog is closed and the address names nothing any more."""
        self.page.wait_for_function("!document.getElementById('detail').open && !location.hash.includes('=')")


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, started without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def visiting(browser: Any, pages: Mapping[str, Path]) -> Iterator[Callable[..., Opened]]:
    """A function that opens one of `pages` by its name.

    At the end, a console error, an uncaught error or a request for anything else than the page is an AssertionError.
    """
    contexts, seen = [], []

    def go(name: str, place: str = "", **options: Any) -> Opened:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        opened = Opened(context.new_page())
        seen.append(opened)
        opened.page.on("console", lambda said: opened.errors.append(said.text) if said.type in ("error", "warning") else None)
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(pages[name].as_uri() + place)
        opened.page.wait_for_selector("html[data-ready]")
        return opened

    yield go
    for opened in seen:
        assert opened.errors == []
        assert [url for url in opened.requests if not url.startswith("file://")] == [] and len(opened.requests) == 1
    for context in contexts:
        context.close()
