from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.options import Options
from promptwire.sweeps.matrix import make_matrix, parse_row
from promptwire.sweeps.runner import CellEnd, CellStart
from promptwire.sweeps.sending import entry_of, sending_cells
from tests.engine.sinks.recorded_sink import folder_of
from tests.otlp_receiver import receiving


def test_only_results_are_sent_also_when_the_command_fails(tmp_path: Path) -> None:
    said: list[str] = []
    told = {"identity": "1", "known": [tmp_path], "say": said.append}
    with (
        receiving() as receiver,
        pytest.raises(ValueError, match="broken"),
        sending_cells(f"otel:{receiver.address}", "mine", **told) as tell,
    ):
        tell(CellStart("a"))
        tell(CellEnd("a", "failed", why="no"))
        tell(CellEnd("b", "stopped", run=tmp_path))
        tell(CellEnd("c", "finished", run=folder_of(tmp_path)))
        raise ValueError("broken")
    assert said == [] and len([span for span in receiver.spans if not span.parent_span_id]) == 1


def test_the_entry_of_a_comparison_follows_from_its_cells() -> None:
    def entry(*seeds: int) -> dict[str, str]:
        return entry_of(make_matrix([parse_row("ape")], ["plural"], list(seeds), Options(models={"task": "scripted:planted"})))

    assert entry(0, 1) == entry(1, 0) != entry(0) and entry(0)["title"] == "compare ape on plural"
