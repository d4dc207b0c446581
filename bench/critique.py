"""Show one critique of a run, and the edit that came of it.

python bench/critique.py [RUN]        a run folder; the newest of the runs folder without it
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptwire.options import runs_folder


def critique_and_edit(folder: Path, winner: str) -> dict[str, Any] | None:
    """A critique of the run, the prompt that was edited after it, and the failures that it is about.

    Best is the edit that won, else its nearest ancestor, else the first one. A step's edits are in the order of its critiques;
    steps that lost an edit to an unreadable reply or a copy are passed over, since there the two can't be told apart.
    """
    rows = [json.loads(line) for line in (folder / "values.jsonl").read_text(encoding="ascii").splitlines()]
    steps = list(_steps(rows))
    pairs = [pair for critiques, edits in steps if len(critiques) == len(edits) for pair in map(_pair, critiques, edits)]
    wanted = [pair for text in _ancestors(winner, steps) for pair in pairs if pair["edit"] == text]
    return next(iter([*wanted, *pairs]), None)


def _steps(rows: list[dict[str, Any]]) -> Iterator[tuple[list[Any], list[Any]]]:
    """The critiques of each step and the edits that followed."""
    for row in rows:
        for critiques in (port["items"] for port in row["outputs"].values() if _has(port, "cases")):
            edits = next((found for found in map(_edits, rows) if found and _follows(row, found)), None)
            if edits is not None:
                yield critiques, edits["items"]


def _ancestors(winner: str, steps: list[tuple[list[Any], list[Any]]]) -> list[str]:
    """The prompt `winner` and those that it was edited from, nearest first."""
    found = [winner]
    while True:
        made = [critiques for critiques, edits in steps if any(edit["text"] == found[-1] for edit in edits)]
        new = [text for text in (critiques[0]["prompt"]["text"] for critiques in made) if text not in found]
        if not new:
            return found
        found.append(new[0])


def _pair(critique: dict[str, Any], edit: dict[str, Any]) -> dict[str, Any]:
    cases = [
        {"input": case["example"]["input"], "expected": case["example"]["outputs"][0], "given": case["output"]}
        for case in critique["cases"]
    ]
    return {"prompt": critique["prompt"]["text"], "critique": critique["text"], "edit": edit["text"], "cases": cases}


def _has(port: Any, key: str) -> bool:
    """Whether a port holds a list whose items have `key`."""
    items = port.get("items") if isinstance(port, dict) else None
    return bool(items) and all(isinstance(item, dict) and key in item for item in items)


def _edits(row: dict[str, Any]) -> dict[str, Any] | None:
    """The output of a step that edits, with its place; None for another step."""
    name = row["path"].rpartition(".")[2]
    return {**row, **row["outputs"]["prompts"]} if name == "edits" and "prompts" in row["outputs"] else None


def _follows(critiques: dict[str, Any], edits: dict[str, Any]) -> bool:
    """Whether two rows are of the same round and the same element, and of steps side by side."""
    same = all(critiques[key] == edits[key] for key in ("round", "element"))
    return same and critiques["path"].rpartition(".")[0] == edits["path"].rpartition(".")[0]


def shown(pair: Mapping[str, Any], most: int = 3) -> str:
    """A critique and its edit as text, with at most so many failures."""
    lines = ["prompt:", *_indented(pair["prompt"]), ""]
    for case in pair["cases"][:most]:
        lines += [f"input: {case['input']}", f"expected: {case['expected']}", f"given: {case['given']}", ""]
    lines += ["critique:", *_indented(pair["critique"]), "", "edit:", *_indented(pair["edit"])]
    return "\n".join(lines)


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in (text or "(empty)").splitlines()]


def main() -> None:
    """Print the critique of the run that is named, or of the newest one."""
    folders = [Path(word) for word in sys.argv[1:]] or sorted(runs_folder().glob("*/report.json"))[-1:]
    if not folders:
        raise SystemExit(f"there is no finished run in {runs_folder()}")
    folder = folders[0].parent if folders[0].is_file() else folders[0]
    if not (folder / "report.json").is_file():
        raise SystemExit(f"{folder} is no folder of a finished run")
    winner = json.loads((folder / "report.json").read_text(encoding="ascii"))["prompt"]
    pair = critique_and_edit(folder, winner)
    print(shown(pair) if pair else "no critique of this run was followed by an edit")


if __name__ == "__main__":
    main()
