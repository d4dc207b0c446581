"""The page of a comparison in a real browser: tables sort, charts switch, prompts are text, and nothing is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promptwire.comparing.page import render_comparison
from promptwire.comparing.table import make_table
from promptwire.page.vega import chart_script
from tests.browser import NEEDS_BROWSER, Opened
from tests.engine.comparing.cells import NAME, hostile_table, world
from tests.page_runs import HOSTILE

pytestmark = [pytest.mark.heavy, NEEDS_BROWSER]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of a page with hostile texts, and of one without charts and curves."""
    home = tmp_path_factory.mktemp("pages")
    texts = {
        "rich": render_comparison(hostile_table(), chart_script(home / "cache")),
        "bare": render_comparison(make_table(world({"ape": 0.5}, seeds=1)), None),
    }
    for name, text in texts.items():
        (home / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: home / f"{name}.html" for name in texts}


def test_all_sections_are_there_and_hostile_text_is_text(visit: Callable[..., Opened]) -> None:
    page = visit("rich").page
    assert [title.partition("\n")[0] for title in page.locator("section > h2").all_inner_texts()] == [
        "Findings", "Held-out scores", "Best so far against what was spent", "Prompts side by side", "All pairs of optimizers",
        "Wins, ties and losses", "Cost", "Runs",
    ]  # fmt: skip
    found = page.locator("#found").inner_text()
    assert "leads: it is better than every other row." in found and "failed: mine" in found
    assert page.locator("#prompts .prompt").last.locator("pre").first.text_content() == f"{NAME}: say it. {HOSTILE}"
    page.wait_for_function("document.querySelectorAll('.chart svg').length === 2")
    assert page.evaluate("window.hit") is None and page.locator("img").count() == 0 and page.locator("main script").count() == 0


def test_scores_are_sorted_by_any_column_and_a_row_opens_its_prompts(visit: Callable[..., Opened]) -> None:
    opened = visit("rich")
    page = opened.page
    assert [row.split("\t")[0] for row in opened.rows("scores")] == ["1", "2", "3"]
    heading = page.locator("#scores th[data-key=score]")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending" and opened.rows("scores")[-1].split("\t")[0] == "1"
    page.locator("#scores tbody tr[tabindex='0']").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert page.locator("#detail h3").all_inner_texts()[0].startswith("Seed 0")
    assert "say it." in page.locator("#detail pre").first.inner_text()
    page.keyboard.press("Escape")
    page.locator("#detail").wait_for(state="hidden")


def test_the_task_and_the_axis_are_switched(visit: Callable[..., Opened]) -> None:
    opened = visit("rich")
    page = opened.page
    page.locator("#scores .choices label", has_text="sums").click()
    assert "2 of 3" in page.locator("#scores .virtual").inner_text()
    page.wait_for_function("document.querySelector('#curves .chart svg') !== null")
    page.locator("#curves .choices label", has_text="Dollars").click()
    page.wait_for_function(
        "[...document.querySelectorAll('#curves .role-axis-title text')].some((one) => one.textContent === 'Dollars')"
    )
    page.locator("#curves summary").click()
    assert page.locator("#curves tbody tr").count() == 6
    page.locator("#curves .choices label", has_text="sums").click()
    assert page.locator("#curves tbody tr").count() == 5


def test_pairs_and_runs_are_tables_with_what_is_missing(visit: Callable[..., Opened]) -> None:
    opened = visit("rich", accept_downloads=True)
    page = opened.page
    page.get_by_label("Search pairs").fill("sums")
    assert len(opened.rows("pairs")) == 3
    with page.expect_download() as waiting:
        page.locator("#pairs").get_by_role("button", name="Download CSV").click()
    lines = Path(waiting.value.path()).read_text().splitlines()
    assert lines[0].startswith("task,row,other,gain") and "window.hit" in "".join(lines)
    page.locator("#runs th[data-key=state] button").click()
    assert "failed" in opened.rows("runs")[0]
    page.locator("#runs tbody tr[data-at]").first.click()
    assert "gone </script>" in page.locator("#detail").inner_text()


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window_in_light_and_dark(visit: Callable[..., Opened], width: int, scheme: str) -> None:
    page = visit("rich", viewport={"width": width, "height": 800}, color_scheme=scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == ("rgb(18, 23, 29)" if scheme == "dark" else "rgb(255, 255, 255)")


def test_without_charts_the_page_has_its_tables_and_prints(visit: Callable[..., Opened]) -> None:
    page = visit("bare").page
    assert "pip install" in page.locator("#scores").inner_text() and page.locator("#curves").count() == 0
    page.emulate_media(media="print")
    assert page.locator("#scores tbody tr").count() == 2 and page.pdf().startswith(b"%PDF")
