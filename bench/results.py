"""Make the runs of docs/results.md with a 1.5B model, and the page from them.

Each run is one task, one pipeline and one seed. The tables below were fixed before the first look at a test score, and the
settings of a pipeline are the same for all tasks. Runs are made one at a time; with a server, this command may run in several
terminals with different `--only`. A run whose file is there is skipped, and a run that was stopped goes on from the answer
cache: the same command continues.

The model is the file of `local:qwen2.5-coder-1.5b`. The runs of the demo have the embedded runtime, the others a `llama-server`
that is compiled for the processor and answers about four times as many requests in an hour; see docs/local-models.md.

    python bench/results.py [--data FOLDER] [--only TEXT] [--model NAME] [--commands]    make the runs
    python bench/results.py --page                                                       make docs/results.md from their files

A run on a shipped task becomes a bundle in docs/results/, which replays without a model. Of a run on public data only figures,
command and prompts are kept, in docs/results/public/.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from promptwire.cache.disk import ResponseCache
from promptwire.options import cache_folder
from promptwire.results.call_diff import read_calls

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
PUBLIC_RESULTS = RESULTS / "public"
PREPARED = "build/results"
"""Folder of the public tasks as they were run."""

MODEL = "local:qwen2.5-coder-1.5b"
"""Task and meta model of all runs."""
SERVED = "qwen2.5-coder-1.5b --api-base http://127.0.0.1:8080/v1"
"""The same file behind a server."""
MOST_EXAMPLES = 120
"""Train and test examples of a public task, at most: its first ones."""

# At most 260 to 282 task calls of search each; the small variants have their own defaults.
PIPELINES = {
    "random-search": "random-search -p n=10 -p pulls=280",
    "ape": "ape -p draws=2 -p n=5 -p first=10 -p scored_on=40",
    "protegi-small": "protegi-small",
    "opro-small": "opro-small",
    "pe2-small": "pe2-small",
}
BASELINE = "random-search"
SHIPPED = ("dates", "foods", "past-tense", "queues")
"""Shipped tasks; none is like one that templates were tuned on (see bench/templates.py)."""
DEMO = (("antonyms", "ape"), ("antonyms", "protegi-small"))
"""Task and pipeline of the runs of `make demo-real`. They are kept as bundles and not part of the page's comparison."""
PUBLIC: dict[str, dict[str, Any]] = {
    "ii_larger_animal": {"prompt": "Write an animal.", "metric": "exact"},
    "ii_taxonomy_animal": {"prompt": "Write some of the words.", "metric": "set"},
    "ii_translation_en_de": {"prompt": "Write the word in another way.", "metric": "exact"},
    "bbh_hyperbaton": {"prompt": "Answer.", "metric": "multiple-choice"},
}
"""Public tasks: an initial prompt as a person writes first, and the metric of the data's authors."""
PUBLIC_SETTINGS = {"max_tokens": 40}
PAUSE = 120.0
"""Seconds without a completion from which on a run was not going on."""
COPIED = "[copied from training examples]"
"""Stands for a copied passage in a published prompt."""
TOLD = "[...]"
"""Stands for a part of an example that a published prompt tells in its own words."""
RARE = 0.1
"""A word or an output that a larger share of the examples has tells of none of them."""
REPEATED = ("dates", "ii_larger_animal")
"""Tasks that are run with three seeds; the others with seed 0."""


@dataclass(frozen=True)
class Run:
    """One run of the page."""

    task: str
    pipeline: str
    seed: int

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"{self.task}-{self.pipeline}-{self.seed}"

    @property
    def public(self) -> bool:
        """Whether its data are public and not part of promptwire."""
        return self.task in PUBLIC

    @property
    def demo(self) -> bool:
        """Whether it is a run of `make demo-real`."""
        return (self.task, self.pipeline) in DEMO

    @property
    def file(self) -> Path:
        """Its file in docs/results/."""
        return PUBLIC_RESULTS / f"{self.name}.json" if self.public else RESULTS / f"{self.name}.bundle.jsonl.gz"

    def command(self, model: str = "") -> str:
        """Its command, with `model` in place of its own."""
        task = f"{PREPARED}/{self.task}" if self.public else self.task
        own = MODEL if self.demo else SERVED
        words = shlex.quote(model) if model else own
        return f"promptwire run {PIPELINES[self.pipeline]} --task {task} --model {words} --seed {self.seed}"


def runs(only: str = "") -> Iterator[Run]:
    """The runs whose names contain `only`: those of the demo, then seed 0 of all tasks."""
    for task, pipeline in DEMO:
        if only in Run(task, pipeline, 0).name:
            yield Run(task, pipeline, 0)
    for seed in (0, 1, 2):
        for task in (*SHIPPED, *PUBLIC):
            for pipeline in PIPELINES:
                run = Run(task, pipeline, seed)
                if (seed == 0 or task in REPEATED) and only in run.name:
                    yield run


def prepare(task: str, data: Path) -> None:
    """Write the public task into a folder of its own: its first examples, prompt and metric.

    The file says nothing else about the task, since optimizers show a task's description to the meta model.
    """
    folder = ROOT / PREPARED / task
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "test"):
        lines = (data / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        (folder / f"{split}.jsonl").write_text("\n".join(lines[:MOST_EXAMPLES]) + "\n", encoding="utf-8")
    spec = {"promptwire": 1, "task": task, **PUBLIC[task], "data": {"train": "train.jsonl", "test": "test.jsonl"}}
    (folder / "task.yaml").write_text(json.dumps({**spec, "settings": PUBLIC_SETTINGS}) + "\n", encoding="utf-8")


def make(run: Run, model: str, data: Path | None) -> str:
    """Make `run` and write its file. Returns what to print."""
    if run.file.exists():
        return "has its file already"
    if run.public:
        if data is None:
            return "skipped: name the folder of the public data sets with --data"
        prepare(run.task, data)
    report = _json(shlex.split(run.command(model)))
    if isinstance(report, str):
        return f"failed: {report}"
    run.file.parent.mkdir(parents=True, exist_ok=True)
    if run.public:
        run.file.write_text(json.dumps(published(report, run), indent=1) + "\n", encoding="ascii")
    else:
        done = _call(["promptwire", "bundle", report["run"], "--data", "--to", str(run.file)])
        if done.returncode:
            return f"not bundled: {done.stderr.strip()}"
    gain = report["test"]["gain"]
    low, high = (f"{gain[end]:+.2f}" if gain[end] is not None else "" for end in ("low", "high"))
    return f"gain {gain['score']:+.3f} [{low}, {high}], {report['calls']['new']} new calls, {report['seconds']:.0f} s"


def published(report: dict[str, Any], run: Run) -> dict[str, Any]:
    """What is published of a run on public data: figures, command and prompts, but no text of its examples.

    The values of both prompts on each held-out example are kept, for comparisons in pairs. What the best prompt copies or
    retells from examples is left out.
    """
    kept = ("pipeline", "task", "metric", "seed", "prompt", "initial_prompt", "search", "counts")
    scores = {name: {**report[name], "left_out": len(report[name]["left_out"])} for name in ("test", "train")}
    own = {name: report[name] for name in kept if name in report}
    for passage in report["search"]["copied"]:
        own["prompt"] = own["prompt"].replace(passage, COPIED)
    own["prompt"] = without_told(own["prompt"], read_examples(run.task))
    own["search"] = {**report["search"], "copied": len(report["search"]["copied"])}
    folder = ROOT / report["run"]
    own["seconds"] = busy_seconds(arrivals(folder))
    return {"command": run.command(), **own, **scores, "pairs": heldout_pairs(folder)}


def read_examples(task: str) -> list[dict[str, Any]]:
    """The examples of a public task as it was run."""
    folder = ROOT / PREPARED / task
    texts = [(folder / f"{split}.jsonl").read_text(encoding="utf-8") for split in ("train", "test")]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def without_told(prompt: str, examples: Iterable[dict[str, Any]]) -> str:
    """`prompt` without what it tells of examples, which becomes `TOLD`.

    Of an example these are two or more parts: of its list of inputs, or an input and its output. Or they are three or more
    words of its input that few examples have. Of all together they are two or more outputs that few examples have.
    """
    examples = list(examples)
    few = RARE * len(examples)
    outputs = [one["output"] if isinstance(one["output"], list) else [one["output"]] for one in examples]
    words = [_words(one["input"]) for one in examples]
    seen = Counter(word for one in words for word in one)
    own = {word for word in _words(prompt) if 0 < seen[word] <= few}
    given = Counter(output for right in outputs for output in right)
    answers = {output for output, n in given.items() if n <= few and _holds(prompt, output)}
    told = answers if len(answers) > 1 else set()
    for example, right, inputs in zip(examples, outputs, words, strict=True):
        parts = {part.strip() for part in (example["input"], *example["input"].split(","), *right)}
        found = {part for part in parts if part and _holds(prompt, part)}
        told |= found if len(found) > 1 else set()
        told |= own & inputs if len(own & inputs) > 2 else set()
    for part in sorted(told, key=len, reverse=True):
        prompt = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", TOLD, prompt, flags=re.IGNORECASE)
    return prompt


def _holds(prompt: str, part: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", prompt, re.IGNORECASE) is not None


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{4,}", text.lower()))


def busy_seconds(times: Iterable[float]) -> float:
    """How long a model worked on completions that arrived at these `times`, without pauses.

    The duration in a report says nothing when a run was stopped and went on, or shares completions with another run.
    """
    order = sorted(times)
    gaps = (later - earlier for earlier, later in pairwise(order))
    return round(sum(gap for gap in gaps if gap <= PAUSE))


def arrivals(folder: Path) -> list[float]:
    """When the completions of the run in `folder` arrived, from the cache."""
    cache = ResponseCache(ROOT / cache_folder())
    try:
        return [record.when for call in read_calls(folder, "") if (record := cache.look(call.key))]
    finally:
        cache.close()


def heldout_pairs(folder: Path) -> list[list[Any]]:
    """The id of each held-out example and the values of the initial and the best prompt on it, from the run folder."""
    with (folder / "values.jsonl").open(encoding="ascii") as lines:
        found = next(row for row in map(json.loads, lines) if row["path"] == "report")
    pairs: list[list[Any]] = found["outputs"]["pairs"]
    return pairs


def _json(words: list[str]) -> dict[str, Any] | str:
    """The report of a command of promptwire, or its error."""
    done = _call([*words, "--json", "--quiet"])
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("warning")]
        return " / ".join(lines[:2]) or f"exit code {done.returncode}"
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _call(words: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def main() -> None:
    """Make what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the public data sets")
    parser.add_argument("--only", default="", help="part of a run's name, TASK-PIPELINE-SEED")
    parser.add_argument("--model", default="", help="task and meta model, in place of the run's own")
    parser.add_argument("--commands", action="store_true", help="print the commands instead of running them")
    parser.add_argument("--page", action="store_true", help="make docs/results.md from the files of the runs")
    options = parser.parse_args()
    if options.page:
        import results_page  # noqa: PLC0415 - beside this file; the runs don't need it

        results_page.write()
        return
    for run in runs(options.only):
        if options.commands:
            print(run.command(options.model))
        else:
            print(f"{run.name}: {make(run, options.model, options.data)}", flush=True)


if __name__ == "__main__":
    main()
