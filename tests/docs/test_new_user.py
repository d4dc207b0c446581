"""What a new user meets: an idea in a sentence, written as a pipeline from the docs, broken as people break things.

The sentence: each round let the model propose from the three best prompts and their typical errors, keep the pareto front of
score and length. Each row of the table is one slip, where it is told, and the words that lead to the mend.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app

IDEA = Path(__file__).parent / "idea"
PIPELINE, TEMPLATE = "front.yaml", "templates/propose.j2"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder."""
    shutil.copytree(IDEA, tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    return tmp_path / "mine"


def test_the_idea_is_checked_planned_and_finds_a_better_prompt(folder: Path) -> None:
    assert CliRunner().invoke(app, ["check", PIPELINE]).stdout == f"{PIPELINE}: ok\n"
    assert (
        "unknown" not in CliRunner().invoke(app, ["plan", PIPELINE, "--task", "planted", "--model", "scripted:planted"]).stdout
    )
    words = ["run", PIPELINE, "--task", "planted", "--model", "scripted:planted", "--json"]
    report = json.loads(CliRunner().invoke(app, words).stdout)
    assert report["test"]["gain"]["low"] > 0.3


BREAKS = [
    (PIPELINE, "$top.kept", "$top.keep", "16:35: 'top' has no output 'keep' - did you mean 'kept'?"),
    (PIPELINE, "use: pareto", "use: parreto", "20:21: there is no node type 'parreto' - did you mean 'pareto'?"),
    (PIPELINE, "[score, length]", "[score, lenght]", "20:87: 'by' can't be the text 'lenght' - did you mean 'length'?"),
    (PIPELINE, "of: $top.kept", "of: $top", "$top is Prompts, but 'of' of failures needs Scores - did you mean $top.scores?"),
    (PIPELINE, "$seed, next: $kept}", "$seed}", "12:7: a carried state needs the key 'next'"),
    (PIPELINE, ", with: {errors: $errors}", "", "uses 'errors', which node 'ideas' does not provide (it has: examples, n, prompt, prompts) - give it under with: {errors: ...}"),
    (PIPELINE, "prompts: $front, scores: $known", "prompts: $kept, scores: $known", "the value of $kept from the previous round is the state $front: use $front"),
    (PIPELINE, "prompts: $search.front", "prompts: $front", "it is a state of the loop 'search': outside the loop write $search.front"),
    (PIPELINE, "prompts: $search.front", "prompts: $kept", "it is inside 'search'; visible outside: $search.front, $search.known"),
    (PIPELINE, "scores: $known, keep", "scores: known, keep", "15:59: 'known' is Text, but 'scores' of beam-select needs Scores - write a reference: $known"),
    (PIPELINE, "propose.j2", "propse.j2", "17:56: there is no template propse.j2 - did you mean 'propose.j2'?"),
    (PIPELINE, "shown: 3", "shown: 0", "'keep' is 0 (from $shown) - it must be at least 1"),
    (PIPELINE, "on: $trainset}\n  search", "on: $trainset\n  search", "but got ':' while parsing a flow mapping that begins in line 8"),
    (PIPELINE, "use: dedupe", "use: ./dedupe", "there is no node type './dedupe' - a node type is written dedupe"),
    (PIPELINE, "    nodes:\n      top", "    node:\n      top", "14:5: unknown key 'node' in a loop - did you mean 'nodes'?"),
    (TEMPLATE, "parse: {tag:", "parse: {tags:", "3:9: unknown key 'tags' in this file - did you mean 'tag'?"),
    (TEMPLATE, "case.answer", "case.given", "16:16: the template can't be rendered: Failure has no 'given' - it has: answer, example, feedback, output, value"),
    (TEMPLATE, "{% endfor %}\n\nWrite", "\nWrite", "The innermost block that needs to be closed is 'for'"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "good", "bad", "words"), BREAKS, ids=[bad.strip() or "removed" for _, _, bad, _ in BREAKS])
def test_a_slip_is_told_with_what_mends_it(folder: Path, file: str, good: str, bad: str, words: str) -> None:
    text = (folder / file).read_text()
    assert good in text
    (folder / file).write_text(text.replace(good, bad, 1))
    told = CliRunner().invoke(app, ["check", PIPELINE])
    assert told.exit_code == 2
    line = next((line for line in told.stdout.splitlines() if words in line), "")
    assert line.startswith(f"{file}:"), told.stdout
