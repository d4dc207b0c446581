"""What counts as the same when a page is compared with what is printed."""

from __future__ import annotations

from tests.docs.doc_pages import fits

SAID = "run folder .promptwire/runs/20261121-165436-ape-paraphrase-reviews-0\n"


def test_two_runs_in_one_second_print_what_the_page_says_and_another_seed_does_not() -> None:
    assert fits(SAID, SAID.replace("165436", "180724").replace("reviews-0", "reviews-0-1"))
    assert not fits(SAID, SAID.replace("reviews-0", "reviews-1"))
