"""Run four optimizers on six tasks with the embedded model, as one table.

Small on purpose: a 135M model on two cores. One seed, settings in the commands, all numbers unedited. Three tasks are shipped.
The other three are public data sets, in folders with train.jsonl and test.jsonl under --data.

    python bench/results.py --data FOLDER [--only NAME] [--commands]
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from typing import Any

PIPELINES = {
    "ape-paraphrase": "ape-paraphrase -p n=12 -p scored_on=32",
    "protegi": "protegi -p rounds=1 -p pulls=192",
    "opro": "opro -p steps=2 -p per_step=4 -p scored_on=24",
    "pe2": "pe2 -p steps=1 -p expand=2 -p tried_on=24",
}
SHIPPED = ("sentiment", "topics", "plural")
PUBLIC = {
    "ii_sentiment": "--prompt 'Is the sentiment positive or negative?' --metric choice --labels positive,negative",
    "bbh_navigate": "--prompt 'Answer the question.' --metric choice --labels Yes,No",
    "bbh_sports_understanding": "--prompt 'Is the sentence plausible?' --metric choice --labels yes,no",
}
COMPLETION = "--template task/completion.j2"


def commands() -> dict[tuple[str, str], str]:
    """The command of each pair of task and pipeline; `$DATA` stands for the folder of the public data sets."""
    tasks = {name: f"--task {name}" for name in SHIPPED}
    tasks |= {name: f"--task $DATA/{name} {rest} {COMPLETION}" for name, rest in PUBLIC.items()}
    return {(task, name): f"promptwire run {run} {said}" for name, run in PIPELINES.items() for task, said in tasks.items()}


def measure(command: str, data: str) -> dict[str, Any]:
    """The report of one run; `error` when it failed."""
    words = [word.replace("$DATA", data) for word in shlex.split(command)]
    done = subprocess.run([sys.executable, "-m", *words, "--json"], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.strip().splitlines()[0]}


def row(task: str, name: str, found: dict[str, Any]) -> str:
    """One line of the table."""
    if "error" in found:
        return f"| {task} | {name} | {found['error']} | | | | | |"
    test = found["test"]
    cells = [
        f"{test[side]['score']:.2f} [{test[side]['low']:.2f}, {test[side]['high']:.2f}]" for side in ("initial", "best", "gain")
    ]
    prompt = " ".join(found["prompt"].split()).replace("|", "\\|")
    shown = prompt if len(prompt) <= 90 else prompt[:87] + "..."
    calls = found["calls"]["new"] + found["calls"]["cached"]
    return f"| {task} | {name} | {' | '.join(cells)} | {calls:,} | {shown} |"


def main() -> None:
    """Run what is asked for and print the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", default="data", help="folder of the public data sets")
    parser.add_argument("--only", default="", help="part of a task's or pipeline's name")
    parser.add_argument("--commands", action="store_true", help="print the commands instead of running them")
    options = parser.parse_args()
    if options.commands:
        print("\n".join(command.replace("$DATA", options.data) for command in commands().values()))
        return
    print("| task | optimizer | initial | best | gain | answers | best prompt |\n|---|---|---|---|---|---|---|")
    for (task, name), command in sorted(commands().items()):
        if options.only in task or options.only in name:
            print(row(task, name, measure(command, options.data)), flush=True)


if __name__ == "__main__":
    main()
