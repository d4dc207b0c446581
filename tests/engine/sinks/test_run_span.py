from __future__ import annotations

import shutil
from pathlib import Path

from promptwire.results.run import Run
from promptwire.sinks.run_span import root_attributes, root_error, run_identity
from tests.page_runs import page_run


def test_the_identity_of_a_run_stands_in_any_filter(tmp_path: Path) -> None:
    folder = page_run(tmp_path / 'it\'s "mine" \u4e2d')
    assert run_identity(Run(folder)).partition(" ")[0] == "it_s__mine__\u4e2d"
    copied = shutil.copytree(folder, tmp_path / "other")
    assert run_identity(Run(copied)) != run_identity(Run(folder))


def test_the_root_tells_settings_before_the_end_and_scores_after_it(tmp_path: Path) -> None:
    before = root_attributes(Run(page_run(tmp_path / "a", report=False)))
    after = root_attributes(Run(page_run(tmp_path / "b")))
    assert before["gen_ai.workflow.name"] == after["gen_ai.workflow.name"] == "mine"
    assert "promptwire.heldout.best" not in before and after["promptwire.heldout.best"] is not None
    assert root_error(Run(tmp_path / "b")) == "" and root_error(Run(tmp_path / "a"))
