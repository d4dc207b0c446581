"""Measure promptwire beside dspy, gepa, promptolution and bare aiohttp, and write the tables of docs/performance.md.

    python -m bench.peers [--rounds 3] [--only NAME ...] [--minutes 12]    make the runs that are missing
    python -m bench.peers --page                                       write the tables into docs/performance.md
    python -m bench.peers --json                                       print medians and ratios

Each tool does each work once a round, as a process of its own, one process at a time. Which tool is first turns from round to
round. Runs are kept in docs/peers.jsonl, and one that is there is not made again, so the same command goes
on after an interruption. `--fresh` begins anew. A peer that took longer than `--long` seconds is not repeated; the tables say
so. `--minutes` starts no more processes after that time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from . import environments, table
from .measure import running_server, take
from .records import Records, machine
from .works import BARE, OURS, TOOLS, WORKS

RUNS = environments.ROOT / "docs" / "peers.jsonl"
PAGE = environments.ROOT / "docs" / "performance.md"


def missing(records: Records, turn: int, *, only: Sequence[str], long: float) -> Iterator[tuple[str, str]]:
    """The works and tools that have no run of this round yet, in the order in which they are to be done."""
    for name, work in WORKS.items():
        tools = work.tools
        for tool in [*tools[turn % len(tools) :], *tools[: turn % len(tools)]]:
            if (only and not {name, tool} & set(only)) or turn in records.rounds(name, tool):
                continue
            first = records.of(name, tool)[:1]
            if first and tool not in (BARE, OURS) and (first[0].get("seconds", 0.0) > long or "error" in first[0]):
                continue
            yield name, tool


def make(file: Path, chosen: argparse.Namespace) -> None:
    """Make the missing runs and add each to `file`."""
    environments.make()
    found = {**machine(), "versions": environments.versions()}
    records = Records.read(file)
    if chosen.fresh or not records.runs:
        environments.forget()
        file.write_text(json.dumps({**found, "made": date.today().isoformat()}) + "\n", encoding="utf-8")
    elif {name: fact for name, fact in records.machine.items() if name != "made"} != found:
        raise SystemExit(f"{file.name} is of another machine or of other versions: begin anew with --fresh")
    print(json.dumps(found, indent=2), flush=True)
    ends = time.monotonic() + chosen.minutes * 60
    with running_server() as address:
        for turn in range(chosen.rounds):
            for name, tool in missing(Records.read(file), turn, only=chosen.only, long=chosen.long):
                if time.monotonic() > ends:
                    print("the time is over; the same command makes the rest", flush=True)
                    return
                run = {**take(name, tool, address), "round": turn}
                with file.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(run) + "\n")
                what = run.get("error") or f"{run['seconds']:.2f} s, {run['answered']} calls, peak {run['peak']}"
                print(f"round {turn + 1}: {WORKS[name].title}, {tool}: {what}", flush=True)


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help=f"works or tools: {', '.join(WORKS)}, {', '.join(TOOLS)}"
    )
    parser.add_argument("--long", type=float, default=5.0, help="seconds above which a peer's work is done in one round only")
    parser.add_argument("--minutes", type=float, default=60.0, help="start nothing after that time")
    parser.add_argument("--fresh", action="store_true", help="forget the runs that are there")
    parser.add_argument("--environments", action="store_true", help="only make the environments")
    parser.add_argument("--json", action="store_true", help="print what was measured")
    parser.add_argument("--page", action="store_true", help="write the tables into docs/performance.md")
    parser.add_argument("--runs", type=Path, default=RUNS, help="file of the runs")
    chosen = parser.parse_args()
    if chosen.environments:
        environments.make()
        print(json.dumps(environments.versions(), indent=2))
    elif chosen.page:
        PAGE.write_text(table.written(PAGE.read_text(encoding="utf-8"), Records.read(chosen.runs)), encoding="utf-8")
    elif chosen.json:
        print(json.dumps(Records.read(chosen.runs).summary(), indent=2))
    else:
        make(chosen.runs, chosen)


if __name__ == "__main__":
    main()
