from __future__ import annotations

import json
from pathlib import Path

from promptwire.sinks.lines import TraceLines


def test_a_long_trace_comes_in_parts_and_nothing_twice(tmp_path: Path) -> None:
    with (tmp_path / "events.jsonl").open("w") as file:
        file.writelines(json.dumps({"n": number}) + "\n" for number in range(4500))
    lines = TraceLines(tmp_path, ("events.jsonl", "calls.jsonl"))
    parts = []
    while found := lines.read():
        parts.append(found)
    assert [line["n"] for part in parts for line in part] == list(range(4500)) and len(parts) == 3
    assert lines.read() == []
