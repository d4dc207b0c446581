"""The page in a real browser: it loads nothing, shows hostile text as text, and all of it can be used by mouse and keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import NEEDS_BROWSER, Opened
from tests.page_runs import HOSTILE

pytestmark = [pytest.mark.heavy, NEEDS_BROWSER]


def test_all_sections_are_there_and_hostile_text_is_text(visit: Callable[..., Opened]) -> None:
    page = visit("rich").page
    titles = [title.partition("\n")[0] for title in page.locator("section > h2").all_inner_texts()]
    assert titles == [
        "Verdict", "Prompt to take away", "Metrics", "Examples", "Best so far", "Lineage of the best prompt", "Candidates", "Requests",
        "Calls by node", "Replies that could not be read", "Reproduce",
    ]  # fmt: skip
    shown = page.locator("#prompt-panel pre").first.text_content()
    assert shown == f"Answer with yes or no only. {HOSTILE}"
    assert page.evaluate("window.hit") is None and page.locator("img").count() == 0
    assert page.locator("main script").count() == 0


def test_a_policy_forbids_all_that_the_page_does_not_bring(visit: Callable[..., Opened]) -> None:
    opened = visit("chartless")
    page = opened.page
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert policy.startswith("default-src 'none'") and "unsafe-eval" not in policy and "script-src 'sha256-" in policy
    refused = page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.hit = 3";
            document.body.append(script);
            setTimeout(() => done("nothing"), 3000);
        })"""
    )
    assert refused.startswith("script-src") and page.evaluate("window.hit") is None
    assert len(opened.errors) == 1 and "Content Security Policy" in opened.errors.pop()
    assert page.locator("#progress table").is_visible()  # in place of the chart


def test_the_page_works_by_keyboard_alone(visit: Callable[..., Opened]) -> None:
    page = visit("big").page
    page.keyboard.press("/")
    page.keyboard.type("(12")
    page.keyboard.press("Tab")
    assert (
        page.evaluate("document.activeElement.tagName") == "BUTTON"
        or page.evaluate("document.activeElement.tagName") == "SELECT"
    )
    page.locator("#candidates tbody tr[tabindex='0']").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    at = int(page.evaluate("document.activeElement.dataset.at"))
    assert at == page.evaluate("Number(document.querySelector('#candidates table').getAttribute('aria-rowcount'))") - 3
    page.keyboard.press("Enter")
    assert page.locator("#detail").is_visible()
    first = page.locator("#detail-title").inner_text()
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    assert page.locator("#detail-title").inner_text() != first
    page.keyboard.press("Escape")
    page.locator("#detail").wait_for(state="hidden")


def test_copy_and_download_give_the_prompt_with_its_demonstrations(visit: Callable[..., Opened]) -> None:
    page = visit("rich", accept_downloads=True).page
    with page.expect_download() as waiting:
        page.locator("#prompt").get_by_role("button", name="Download JSON").click()
    found = json.loads(Path(waiting.value.path()).read_text())
    assert found["prompt"].startswith("Answer with yes or no only.") and found["demos"] == [{"text": "shown", "output": "yes"}]
    page.locator("#prompt .choices label", has_text="As sent").click()
    assert "sentence 1" in page.locator("#prompt-panel").inner_text()
    page.locator("#prompt").get_by_role("button", name="Copy with its demonstrations").click()
    page.wait_for_selector("#prompt button:has-text('Copied')")


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window_in_light_and_dark(visit: Callable[..., Opened], width: int, scheme: str) -> None:
    page = visit("rich", viewport={"width": width, "height": 800}, color_scheme=scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = "getComputedStyle(document.body).backgroundColor"
    dark, light = "rgb(18, 23, 29)", "rgb(255, 255, 255)"
    assert page.evaluate(paper) == (dark if scheme == "dark" else light)
    page.locator("#theme").click()
    assert page.evaluate(paper) == (light if scheme == "dark" else dark)


def test_the_page_is_printed_light_and_with_its_rows(visit: Callable[..., Opened]) -> None:
    page = visit("rich", color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator(".top").is_visible() and page.locator("#candidates tbody tr").count() == 3
    assert page.pdf().startswith(b"%PDF")
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_a_run_without_a_report_shows_what_there_is(visit: Callable[..., Opened]) -> None:
    page = visit("unfinished").page
    text = page.locator("#verdict").inner_text()
    assert (
        "The run is in an unknown state: " in text
        and page.locator("#candidates").count() == 1
        and page.locator("#examples").count() == 0
    )


def test_damaged_data_are_a_sentence_and_no_blank_page(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    before, mark, rest = pages["chartless"].read_text(encoding="utf-8").partition('id="data">')
    path = tmp_path / "damaged.html"
    path.write_text(before + mark + "AAAA" + rest[4:], encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("#page .warning")
    assert "can't be read" in page.locator("#page").inner_text()
    page.close()
