"""Measure what a model makes of the shipped meta-prompts: replies that can be read, and texts that are prompts.

A probe (bench/probes/) sends each template of an optimizer once or a few times, on what the initial prompt of a task gets
wrong. The tasks are not those of docs/results.md: templates are tuned on these and measured on others. A text counts as a
prompt unless it equals the initial prompt, is an answer, repeats the request, copies training examples, or has a placeholder.

    python bench/templates.py --data FOLDER --model local:FILE.gguf [--probes protegi,pe2] [--templates FOLDER] [--texts]

`--templates` measures other templates than the shipped ones, such as those of an earlier commit: a folder with `protegi/`, ...
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import promptwire
from promptwire.authoring import Example
from promptwire.values.copied_text import copied_spans

PROBES = Path(__file__).parent / "probes"
SHIPPED = PROBES.parents[1] / "templates"
TASKS: Mapping[str, Mapping[str, Any]] = {
    "ii_antonyms": {"prompt": "Write a word related to the input."},
    "ii_singular_to_plural": {"prompt": "Change the word."},
    "ii_sentiment": {"prompt": "What is said here?", "metric": "choice", "labels": ("positive", "negative")},
    "ii_first_word_letter": {"prompt": "Write something about the input."},
    "ii_sum": {"prompt": "Write down the numbers."},
}
"""Task-file keys of each task, with a plain initial prompt."""
SHOWN, HELD_OUT = 24, 2
_PLACEHOLDER = re.compile(r"<[\w ]+>|\{\{?[\w ]+\}?\}|\[[\w ]+\]", re.IGNORECASE)
_JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\A---.*?^---$", re.DOTALL | re.MULTILINE)


@dataclass
class Tally:
    """What came of one template."""

    replies: int = 0
    unread: int = 0
    texts: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What is wrong with each text; empty for a prompt."""


def fault(text: str, initial: str, examples: list[Example], request: str) -> str:
    """Why `text` is no prompt for the task; empty when it is one."""
    words = _words(text)
    answers = {_words(answer) for example in examples for answer in (example.text, *example.outputs)}
    if words == _words(initial):
        return "the initial prompt"
    if words in answers or len(words) < 2:
        return "an answer"
    if copied_spans(text, examples):
        return "copies examples"
    if copied_spans(text, [Example(input=request, outputs=("",))]):
        return "repeats the request"
    return "a placeholder" if _PLACEHOLDER.search(text) or "Input:" in text else ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))


def templates_of(pipeline: Path) -> dict[str, str]:
    """The template of each step, by path; steps of an inner graph count by their name."""
    found = {}
    outer = ""
    for line in pipeline.read_text(encoding="utf-8").splitlines():
        step = re.match(r"(\s+)(\w+):", line)
        if step and len(step[1]) == 2:
            outer = step[2]
        if step and (used := re.search(r"template: ([\w/-]+\.j2)", line)):
            found[step[2] if len(step[1]) == 2 else f"{outer}.{step[2]}"] = used[1]
    return found


def probe(pipeline: Path, task: Path, name: str, options: argparse.Namespace) -> Iterator[tuple[str, str, Any]]:
    """Run a probe on a task; yield the template, the kind of fact and the fact."""
    settings = promptwire.Options(
        models={"task": options.model},
        params=dict(pair.split("=", 1) for pair in options.param),
        seed=options.seed,
        task=TASKS[name],
    )
    report = promptwire.run(str(pipeline), str(task), settings)
    folder = Path(report.run)
    used = templates_of(pipeline)
    for row in _rows(folder / "calls.jsonl"):
        if row["path"] in used:
            yield used[row["path"]], "reply", row["key"]
    for path, counts in report.counts.items():
        if path in used:
            yield used[path], "unread", counts.get("unreadable", 0) + counts.get("taken whole", 0)
    for row in _rows(folder / "values.jsonl"):
        for value in row["outputs"].values() if row["path"] in used else ():
            for item in value["items"]:
                yield used[row["path"]], "prompt" if "made_by" in item else "critique", item["text"]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def measure(options: argparse.Namespace, scratch: Path, tallies: dict[str, Tally]) -> None:
    """Count what came of each template, over all tasks."""
    shutil.copytree(PROBES, scratch, dirs_exist_ok=True)
    # Beside the probes, where they go before any that the working folder has.
    sources = Path(shutil.copytree(options.templates or SHIPPED, scratch / "templates"))
    for name in options.tasks.split(","):
        task = scratch / name
        task.mkdir()
        rows = (Path(options.data) / name / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (task / "train.jsonl").write_text("".join(rows[:SHOWN]), encoding="utf-8")
        (task / "test.jsonl").write_text("".join(rows[SHOWN : SHOWN + HELD_OUT]), encoding="utf-8")
        examples = list(promptwire.load_task(str(task), dict(TASKS[name])).train.items)
        for chosen in options.probes.split(","):
            for template, kind, fact in probe(scratch / f"{chosen}.yaml", task, name, options):
                tally = tallies.setdefault(template, Tally())
                if kind == "reply":
                    tally.replies += 1
                elif kind == "unread":
                    tally.unread += fact
                else:
                    request = _JINJA.sub(" | ", (sources / template).read_text(encoding="utf-8"))
                    wrong = fault(fact, TASKS[name]["prompt"], examples, request) if kind == "prompt" else ""
                    tally.texts.append(fact)
                    tally.faults.append(wrong)
                    if options.texts:
                        print(f"[{template}, {name}{', ' + wrong if wrong else ''}] {fact!r}", flush=True)


def table(tallies: Mapping[str, Tally]) -> Iterator[str]:
    """The lines of the table."""
    yield "| template | replies | read | texts | prompts | copies | words |"
    yield "|---|---|---|---|---|---|---|"
    for template, tally in sorted(tallies.items()):
        good = sum(not wrong for wrong in tally.faults)
        copies = tally.faults.count("copies examples")
        words = mean(len(text.split()) for text in tally.texts) if tally.texts else 0
        read = f"{(tally.replies - tally.unread) / tally.replies:.0%}" if tally.replies else "-"
        yield f"| {template} | {tally.replies} | {read} | {len(tally.texts)} | {good} | {copies} | {words:.0f} |"


def main() -> None:
    """Run the probes and print the table; after Ctrl-C, of what was measured so far."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="data", help="folder of the data sets")
    parser.add_argument("--model", default="local", help="model of all roles")
    parser.add_argument("--probes", default="ape,protegi,opro,pe2", help="names of probes, comma-separated")
    parser.add_argument("--tasks", default=",".join(TASKS), help="names of tasks, comma-separated")
    parser.add_argument("--templates", default="", help="folder of other templates")
    parser.add_argument("-p", "--param", action="append", default=[], help="param of the probe, as k=v")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    parser.add_argument("--texts", action="store_true", help="print every text and what is wrong with it")
    options = parser.parse_args()
    tallies: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as scratch, suppress(KeyboardInterrupt):
        measure(options, Path(scratch), tallies)
    print("\n".join(table(tallies)))


if __name__ == "__main__":
    main()
