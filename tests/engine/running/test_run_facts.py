"""The first line of a trace."""

from __future__ import annotations

from pathlib import Path

import promptwire
from promptwire.results.lenient import read_lines


def test_the_first_event_tells_all_params_and_the_sizes_of_the_splits() -> None:
    options = promptwire.Options(models={"task": "scripted:planted"}, params={"rounds": "1"}, limits={"calls": 5000})
    report = promptwire.run("protegi-small", "planted", options)
    first = next(iter(read_lines(Path(report.run) / "events.jsonl")))
    assert (first["event"], first["pipeline"], first["task"], first["seed"]) == ("run", "protegi-small", "planted", 0)
    assert first["params"]["rounds"] == 1 and "width" in first["params"]
    assert first["examples"] == {"train": 96, "test": 64} and first["limits"] == {"calls": 5000}
    assert set(first["identities"].values()) == {"scripted:planted"}
