"""The page in a real browser: it loads nothing, shows hostile text as text, and all of it can be used by mouse and keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from promptwire.page.data import page_data
from promptwire.page.html import render_page
from promptwire.page.vega import chart_script
from promptwire.results.run import Run
from tests.browser import NEEDS_BROWSER, Opened, chromium, visiting
from tests.page_runs import HOSTILE, big_run, page_run

pytestmark = [pytest.mark.heavy, NEEDS_BROWSER]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of a rich, a large, a bare and a chartless page."""
    home = tmp_path_factory.mktemp("pages")
    script = chart_script(home / "cache")
    runs = {
        "rich": page_run(home / "rich"),
        "big": big_run(home / "big", candidates=10_000, rows=2, heldout=3000),
        "unfinished": page_run(home / "unfinished", report=False),
        "graded": _graded(page_run(home / "graded")),
    }
    found = {name: _write(home / f"{name}.html", render_page(page_data(Run.open(run)), script)) for name, run in runs.items()}
    return {**found, "chartless": _write(home / "chartless.html", render_page(page_data(Run.open(runs["rich"])), None))}


def _graded(folder: Path) -> Path:
    """Halve the held-out values of a run, each the mean of two answers."""
    twice = [
        {"output": text, "answer": text, "value": value, "readable": True} for text, value in (("yes", 1.0), ("oh no", 0.0))
    ]
    lines = [json.loads(line) for line in (folder / "values.jsonl").read_text().splitlines()]
    for line in lines:
        pairs = line["outputs"].get("pairs") if line["path"] == "report" else None
        if pairs:
            line["outputs"]["pairs"] = [[example, before / 2, after / 2] for example, before, after in pairs]
            for row in line["outputs"]["scores"]["rows"]:
                row["repeats"] = twice
    (folder / "values.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Opened]]:
    """Opens a page by its name. A console error, an uncaught error or a request for anything else fails the test."""
    with visiting(browser, pages) as go:
        yield go


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


def test_ten_thousand_candidates_are_sorted_searched_and_drawn_a_few_at_a_time(visit: Callable[..., Opened]) -> None:
    opened = visit("big")
    page = opened.page
    assert page.locator("#candidates [role=status]").inner_text() == "10,000 candidates shown of 10,000"
    assert len(opened.rows("candidates")) < 60
    heading = page.locator("#candidates th[data-key=round]")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending" and opened.rows("candidates")[0].split("\t")[2] == "1"
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending" and opened.rows("candidates")[0].split("\t")[2] == "100"
    page.locator("#candidates .rows").evaluate("box => { box.scrollTop = box.scrollHeight; }")
    page.wait_for_function("document.querySelector('#candidates tbody tr[data-at=\"9999\"]') !== null")
    assert len(opened.rows("candidates")) < 60
    page.get_by_label("Search prompts").fill("(1234)")
    assert len(opened.rows("candidates")) == 1 and "(1234)" in opened.rows("candidates")[0]
    page.get_by_label("Search prompts").fill("no such prompt")
    assert opened.rows("candidates") == [] and "No row fits." in page.locator("#candidates").inner_text()


def test_the_chart_switches_its_axis_and_a_dot_opens_its_candidate(visit: Callable[..., Opened]) -> None:
    page = visit("rich").page
    title = page.locator("#progress .chart .role-axis-title text")
    page.wait_for_function("document.querySelector('#progress .chart svg') !== null")
    assert "Calls" in title.all_text_contents()
    for axis, label in (("Tokens", "Tokens"), ("Dollars", "Dollars"), ("Seconds", "Seconds")):
        page.locator("#progress .choices label", has_text=axis).click()
        page.wait_for_function(
            f"[...document.querySelectorAll('#progress .role-axis-title text')].some((one) => one.textContent === '{label}')"
        )
    page.locator("#progress .chart .mark-symbol path").last.click()
    assert page.locator("#detail-title").inner_text().startswith("Candidate ")
    page.keyboard.press("Escape")
    page.locator("#progress summary").click()
    assert page.locator("#progress tbody tr").count() == 2


def test_a_large_chart_is_drawn_on_a_canvas(visit: Callable[..., Opened]) -> None:
    page = visit("big").page
    page.wait_for_selector("#progress .chart canvas")
    assert page.locator("#progress .chart svg").count() == 0


def test_a_candidate_opens_with_its_changes_parents_and_children(visit: Callable[..., Opened]) -> None:
    page = visit("rich").page
    row = page.locator("#candidates tbody tr", has_text="Answer with yes or no.").first
    row.click()
    detail = page.locator("#detail")
    assert detail.locator("ins").all_text_contents() == ["[added:  with yes or no]"]
    assert page.url.partition("#")[2] == f"candidate={page.locator('#detail-title').inner_text().split()[1]}"
    detail.locator("h3", has_text="1 child").locator("xpath=following-sibling::ul[1]").locator("button").click()
    detail.locator(".choices label", has_text="Since the initial prompt").click()
    assert "only" in " ".join(detail.locator("ins").all_text_contents())
    detail.locator("summary", has_text="The request that wrote it").click()
    assert "You edit." in detail.inner_text() and "<p>Answer with yes or no only." in detail.inner_text()
    detail.get_by_role("button", name="Close").click()
    assert not detail.is_visible() and "#" not in page.url


def test_watched_metrics_and_the_confusion_table_of_both_prompts_are_shown(visit: Callable[..., Opened]) -> None:
    page = visit("rich").page
    assert "macro-f1 watched" in page.locator("#metrics").inner_text()
    cells = "#metrics .confusion tbody td"
    assert page.locator(cells).all_inner_texts() == ["2", "0", "0", "0", "1", "1"]
    page.locator("#metrics .choices label", has_text="Initial prompt").click()
    assert page.locator(cells).all_inner_texts() == ["1", "0", "1", "2", "0", "0"]
    assert page.locator("#metrics .confusion tbody th").first.text_content() == HOSTILE


def test_requests_are_filtered_searched_and_opened_with_what_they_wrote(visit: Callable[..., Opened]) -> None:
    opened = visit("rich")
    page = opened.page
    assert len(opened.rows("requests")) == 4
    page.locator("#requests .choices label", has_text="Unreadable 1").click()
    assert len(opened.rows("requests")) == 1 and "unreadable" in opened.rows("requests")[0]
    page.locator("#requests .choices label", has_text="All 4").click()
    page.get_by_label("Search requests").fill("sentence 1")
    page.locator("#requests tbody tr").click()
    detail = page.locator("#detail")
    assert "Request of report" in detail.inner_text() and "Read as, value 1" in detail.inner_text()
    detail.locator("ul.links button").click()
    detail.locator("summary", has_text="Requests with it: 1").click()
    assert "sentence 1" in detail.inner_text()
    assert "had no room" not in page.locator("#requests").inner_text()


def test_requests_without_room_name_the_command_that_shows_them(visit: Callable[..., Opened]) -> None:
    page = visit("big").page
    assert "promptwire asked big search." in page.locator("#requests .note").inner_text()


def test_an_address_with_a_candidate_opens_it(visit: Callable[..., Opened], pages: dict[str, Path]) -> None:
    page = visit("rich").page
    page.locator("#lineage .link").first.click()
    wanted = page.locator("#detail-title").inner_text()
    again = visit("rich", f"#candidate={wanted.split()[1]}").page
    assert again.locator("#detail-title").inner_text() == wanted


def test_the_lineage_goes_from_the_initial_prompt_to_the_best_and_the_tree_grows_on_demand(
    visit: Callable[..., Opened],
) -> None:
    page = visit("rich").page
    steps = page.locator("#lineage .ancestor")
    assert [text.split("\n")[0].split(" ")[0] for text in steps.all_inner_texts()] == ["Initial", "Round", "Round"]
    assert steps.nth(1).locator("ins").count() == 1 and "It must say yes or no." in steps.nth(1).inner_text()
    assert page.locator("#lineage .tree li").count() == 0
    page.locator("#lineage .whole > summary").click()
    page.locator("#lineage .tree > li summary").first.click()
    page.locator("#lineage .tree ul li summary").first.click()
    assert page.locator("#lineage .tree li").count() == 3
    big = visit("big").page
    big.locator("#lineage .whole > summary").click()
    big.wait_for_selector("#lineage .tree li")
    assert big.locator("#lineage .tree li").count() == 1


def test_examples_are_filtered_by_difference_and_opened_side_by_side(visit: Callable[..., Opened]) -> None:
    opened = visit("rich")
    page = opened.page
    assert [text.split("\t")[0] for text in opened.rows("examples")] == ["▲ fixed", "▲ fixed", "= same", "▼ broken"]
    page.locator("#examples .choices label", has_text="Broken 1").click()
    assert len(opened.rows("examples")) == 1
    page.locator("#examples tbody tr").click()
    sides = page.locator("#detail .side").all_inner_texts()
    assert [text.split("\n")[0] for text in sides] == ["Initial prompt: 1", "Best prompt: 0"] and "wrong label" in sides[1]
    page.keyboard.press("Escape")
    page.locator("#examples .choices label", has_text="All 4").click()
    page.get_by_label("Search examples").fill("window.hit")
    assert len(opened.rows("examples")) == 1
    page.locator("#examples .choices label", has_text="Train").click()
    assert len(opened.rows("examples")) == 1  # the search stays


def test_graded_values_are_higher_or_lower_and_not_fixed_and_show_all_answers(visit: Callable[..., Opened]) -> None:
    opened = visit("graded")
    assert [text.split("\t")[0] for text in opened.rows("examples")] == ["▲ higher", "▲ higher", "= same", "▼ lower"]
    opened.page.locator("#examples .choices label", has_text="Lower 1").click()
    opened.page.locator("#examples tbody tr").click()
    assert opened.page.locator("#detail .tag").first.inner_text() == "▼ lower"
    assert opened.rows("examples")[0].count("yes | oh no") == 2
    best = opened.page.locator("#detail .side").last.inner_text()
    assert best.index("Read as, value 1") < best.index("yes") < best.index("Read as, value 0") < best.index("oh no")


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
    assert not page.locator("#detail").is_visible()


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
    path = _write(tmp_path / "damaged.html", before + mark + "AAAA" + rest[4:])
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("#page .warning")
    assert "can't be read" in page.locator("#page").inner_text()
    page.close()
