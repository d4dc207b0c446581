"""Run folders for tests: small real runs of the scripted model, and folders written line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import promptwire
from promptwire.options import Options
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores

__all__ = ["SMALL", "comparison", "small_run", "written_run"]

SMALL = {"pulls": "100", "rounds": "2", "width": "2"}
"""Params of a ProTeGi search of a second."""


def small_run(pipeline: str = "protegi", params: Mapping[str, str] = SMALL, **options: Any) -> Path:
    """Folder of a real run on the planted task."""
    made = Options(models={"task": "scripted:planted"}, params=params, **options)
    return Path(promptwire.run(pipeline, "planted", made).run)


def written_run(folder: Path, **files: Any) -> Path:
    """A run folder with these files: `values=[...]` is values.jsonl, `report={...}` is report.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if isinstance(content, dict):
            (folder / f"{name}.json").write_text(json.dumps(content))
        else:
            lines = (json.dumps({"n": number, "t": number / 10, **line}) for number, line in enumerate(content))
            (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def comparison(
    values: Sequence[tuple[float, float]],
    *,
    initial: str = "Answer.",
    best: str = "Answer well.",
    split: str = "test",
    films: Sequence[str] = (),
) -> dict[str, Any]:
    """A line of values.jsonl with held-out rows: value of the initial and of the best prompt on each example.

    `films` are the values of a column `film`, one for each example.
    """
    prompts = [Prompt(text=initial), Prompt(text=best, parents=(Prompt(text=initial).id,), made_by="edits", round="0")]
    columns: list[dict[str, Any]] = [{"film": film} for film in films] or [{} for _ in values]
    examples = [
        Example(input=f"question {number}", outputs=(f"right {number}",), meta=meta) for number, meta in enumerate(columns)
    ]
    rows = [
        Row(prompt.id, example.id, f"It is: {number}.", str(number), value)
        for number, (example, pair) in enumerate(zip(examples, values, strict=True))
        for prompt, value in zip(prompts, pair, strict=True)
    ]
    scores = Scores(metric="exact", prompts=Prompts.of(prompts), examples=Examples.of(examples), rows=tuple(rows))
    pairs = [[example.id, *pair] for example, pair in zip(examples, values, strict=True)]
    outputs = {"scores": scores.model_dump(mode="json"), "pairs": pairs}
    return {"path": "report", "round": "", "element": split, "outputs": outputs}
