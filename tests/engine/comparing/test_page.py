"""The page of a comparison as a file: its data, and hostile names and prompts in it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace

from promptwire.comparing.page import comparison_data, render_comparison
from promptwire.comparing.table import make_table
from tests.engine.comparing.cells import NAME, hostile_table, world
from tests.page_runs import HOSTILE


def test_the_data_of_the_page_can_be_read_back_by_any_program() -> None:
    table = hostile_table()
    page = render_comparison(table, None)
    packed = re.search(r'id="data">([^<]*)<', page)
    assert packed is not None
    found = json.loads(gzip.decompress(base64.b64decode(packed[1])))
    assert found == json.loads(json.dumps(comparison_data(table)))
    assert found["table"]["cells"][0]["prompt"].endswith(HOSTILE) and len(found["table"]["curves"]) == 11
    assert found["ranks"]["mood"] == {"initial prompt": 3, "random-search": 2, NAME: 1}
    assert found["missing"] == [f"failed: {NAME} on sums, seed 2: {f'gone {HOSTILE}'.splitlines()[0]}"]
    assert HOSTILE.encode("utf-8", "replace").decode() not in page


def test_a_comparison_without_runs_is_still_a_page() -> None:
    table = make_table([replace(one, best={}, initial={}, state="missing") for one in world({"ape": 0.5}, seeds=1)])
    data = comparison_data(table)
    assert data["axes"] == [] and data["findings"][0]["sentence"] == "Nothing could be compared."
    assert "<main" in render_comparison(table, None)
