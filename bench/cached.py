"""Measure a scoring from a full cache: whole processes, and the same work inside one process, per call.

Each size is one pipeline step that scores prompts on examples with a scripted model. A first run fills the cache; the measured
runs ask for the same calls again. Processor time is that of the whole process. Start-up is a run of a single call, measured in
turns with the others, so that the difference belongs to the calls. Ratios are to a process that imports what promptwire can't
do without.

    python bench/cached.py [--turns 5] [--sizes 20x100 100x100] [--profile]
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import json
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

FLOOR = [sys.executable, "-c", "import yaml, jinja2, pydantic, diskcache"]
REVIEW = "A film that you forget while you watch it, and a song that stays. "
PIPELINE = """
promptwire: 1
name: table
inputs: {{seed: Prompts, train: Examples}}
nodes:
  scores: {{use: evaluate, prompts: $seed, on: $train}}
  best: {{use: beam-select, scores: $scores}}
outputs: {{prompt: $best.prompts}}
"""
TASK = "promptwire: 1\ntask: table\nprompt: {prompts}\ndata: {{train: train.jsonl, test: test.jsonl}}\nmetric: exact\n"
RULES = "- when: 'number \\d*[02468]\\b'\n  reply: positive\n- reply: negative\n"
TESTED = 10
"""Held-out examples of every size: the comparison is not what is measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One measured process."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processor time."""
    peak: float
    """Largest resident size, in MB."""


def make_task(folder: Path, prompts: int, examples: int) -> Path:
    """Write a task with so many prompts and examples; return the folder."""
    folder.mkdir()
    rows = [
        {"input": f"Review number {place}: {REVIEW * 3}", "output": ("positive", "negative")[place % 2]}
        for place in range(examples + TESTED)
    ]
    for name, part in (("train", rows[:examples]), ("test", rows[examples:])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    texts = [f"Instruction {place}: say whether the review is positive or negative. {REVIEW * 2}" for place in range(prompts)]
    (folder / "task.yaml").write_text(TASK.format(prompts=json.dumps(texts)))
    (folder / "table.yaml").write_text(PIPELINE.format())
    (folder / "rules.yaml").write_text(RULES)
    return folder


def arguments(folder: Path) -> list[str]:
    """The command's arguments for the task in `folder`."""
    model = f"scripted:{folder / 'rules.yaml'}"
    return ["run", str(folder / "table.yaml"), "--task", str(folder / "task.yaml"), "--model", model, "--yes"]


def measured(command: list[str], home: Path) -> Cost:
    """The cost of one process."""
    told = {**os.environ, "PROMPTWIRE_CACHE": str(home / "cache"), "PROMPTWIRE_RUNS": str(home / "runs")}
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=told, cwd=home)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} failed: {said.decode()[-2000:]}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def middle(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(statistics.median(getattr(one, name) for one in costs) for name in ("wall", "cpu", "peak")))


def processes(sizes: list[tuple[int, int]], home: Path, turns: int) -> None:
    """Print the table of whole processes, measured in turns."""
    sizes = [(1, 1), *sizes]
    folders = {size: make_task(home / f"{size[0]}x{size[1]}", *size) for size in sizes}
    commands = {size: [sys.executable, "-m", "promptwire", *arguments(folder)] for size, folder in folders.items()}
    for command in commands.values():
        measured(command, home)
    found: dict[object, list[Cost]] = {}
    for _ in range(turns):
        found.setdefault("floor", []).append(measured(FLOOR, home))
        for size, command in commands.items():
            found.setdefault(size, []).append(measured(command, home))
    floor, start = middle(found["floor"]), middle(found[1, 1])
    print("| from the cache | calls | wall s | processor s | beyond start-up s | us a call | times the imports | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    print(f"| imports alone | 0 | {floor.wall:.2f} | {floor.cpu:.2f} | | | 1.0 | {floor.peak:.0f} |")
    for size in sizes:
        cost, calls = middle(found[size]), size[0] * size[1]
        beyond = cost.cpu - start.cpu
        each = f"{beyond / calls * 1e6:.0f}" if calls > 1 else ""
        cells = [f"{size[0]} x {size[1]}", f"{calls:,}", f"{cost.wall:.2f}", f"{cost.cpu:.2f}", f"{beyond:.2f}", each]
        print(f"| {' | '.join(cells)} | {cost.cpu / floor.cpu:.1f} | {cost.peak:.0f} |")


def profiled(size: tuple[int, int], home: Path, shown: int = 45) -> None:
    """Print where the time of one cached run goes."""
    from promptwire.cli.app import main as command  # noqa: PLC0415 - the other measurements need no import

    folder = make_task(home / "profiled", *size)
    measured([sys.executable, "-m", "promptwire", *arguments(folder)], home)
    os.environ.update(PROMPTWIRE_CACHE=str(home / "cache"), PROMPTWIRE_RUNS=str(home / "runs"))
    profile = cProfile.Profile()
    sys.argv[1:] = arguments(folder)
    with contextlib.suppress(SystemExit):
        profile.runcall(command)
    for order in ("tottime", "cumtime"):
        pstats.Stats(profile).strip_dirs().sort_stats(order).print_stats(shown)


def size_of(text: str) -> tuple[int, int]:
    """Prompts and examples of a size such as `20x100`."""
    prompts, _, examples = text.partition("x")
    return int(prompts), int(examples)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--turns", type=int, default=5, help="turns of each process")
    parser.add_argument("--sizes", type=size_of, nargs="+", default=[(20, 100), (100, 100)], help="PROMPTSxEXAMPLES")
    parser.add_argument("--profile", action="store_true", help="profile the first size instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.profile:
            profiled(options.sizes[0], Path(folder))
        else:
            processes(options.sizes, Path(folder), options.turns)


if __name__ == "__main__":
    main()
