"""The sections of the page in a real browser: sorted, searched, filtered and opened, from the chart to the single example."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser import NEEDS_BROWSER, Opened
from tests.page_runs import HOSTILE

pytestmark = [pytest.mark.heavy, NEEDS_BROWSER]


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
    opened = visit("rich")
    page = opened.page
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
    opened.closed()
    assert "#" not in page.url


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
    page.locator("#requests .choices label", has_text="Not read by the rule 1").click()
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
    opened = visit("rich")
    page = opened.page
    steps = page.locator("#lineage .ancestor")
    assert [text.split("\n")[0].split(" ")[0] for text in steps.all_inner_texts()] == ["Initial", "Round", "Round"]
    assert steps.nth(1).locator("ins").count() == 1 and "It must say yes or no." in steps.nth(1).inner_text()
    assert page.locator("#lineage .tree li").count() == 0
    page.locator("#lineage .whole > summary").click()
    page.locator("#lineage .tree > li summary").first.click()
    opened.has("#lineage .tree > li ul > li", 1)
    page.locator("#lineage .tree ul li summary").first.click()
    opened.has("#lineage .tree li", 3)
    big = visit("big")
    big.page.locator("#lineage .whole > summary").click()
    big.has("#lineage .tree li", 1)


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
