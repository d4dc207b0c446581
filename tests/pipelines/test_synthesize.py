"""Examples that a model writes: only those that the task model answers alike become shots, and none of the data comes back."""

from __future__ import annotations

import re
from pathlib import Path

from promptwire.backend import Request
from tests.pipelines.search_runs import model, numbers, search

PAGE = Path(__file__).parents[2] / "docs" / "cookbook.md"


def reply(request: Request, key: str) -> str:
    """A meta model that writes one right, one wrong, one known and one broken example; a task model that can count."""
    text = request.messages[-1].content
    if "<example>" in text:
        known = re.search(r"<input>number (\d+)</input>", text)
        assert known and text.count("<example>") == 5 + 1
        place = len(key) + int(known[1])
        pairs = [(1000 + place, 1000 + place), (2000 + place, 7), (int(known[1]), int(known[1]))]
        made = [f"<example><input>number {asked}</input><output>answer {said}</output></example>" for asked, said in pairs]
        return "\n".join([*made, "<example><input>number 5000</input></example>"])
    return f"answer {text.rpartition('number ')[2].split()[0]}"


async def test_written_examples_are_shown_only_if_the_task_model_agrees(tmp_path: Path) -> None:
    found = re.search(r'```yaml title="written-shots.yaml"\n(.*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    path = tmp_path / "written-shots.yaml"
    path.write_text(found[1], encoding="utf-8")
    run = await search(path, model(reply), numbers(60))
    assert run.counted("made") == (4, 4)
    (shown,) = run.gave("shown", "")["prompts"]["items"]
    assert shown["demos"]
    for demo in shown["demos"]:
        assert int(demo["input"].removeprefix("number ")) >= 1000
        assert (demo["outputs"], demo["made_by"]) == ([demo["input"].replace("number", "answer")], "made")
    counts = run.session.counts
    made = run.gave("made", "")["examples"]["items"]
    assert counts["made", "incomplete examples"] == 4
    assert counts["made", "duplicates"] == 4 * 3 - len(made)
    assert counts["right", "not solved"] == len(made) - len(shown["demos"]) > 0
