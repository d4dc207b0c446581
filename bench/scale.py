"""Measure how processor time and memory grow with the size of a graph, a search, a cache, data or scored rows.

Each size runs in a process of its own, so that no peak of memory hides another. The last column is the growth: time per unit
at the largest size by time per unit at the smallest. Where it is far above 1, something grows faster than its input. A look-up
or a start is a unit of its own, whatever the size.

    python bench/scale.py PART [--sizes 100,1000] [--turns 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

PARTS: Final = ("graph", "search", "cache", "data", "rows")
Figures = dict[str, dict[str, float]]
"""By operation, its figures."""


def child(part: str, size: int) -> None:
    """Measure one size in this process, and print its figures."""
    from bench.scaling.meter import Meter  # noqa: PLC0415 - found by the path above

    gc.set_threshold(20_000, 50, 50)  # as the command line does
    meter = Meter(size)
    with tempfile.TemporaryDirectory() as folder:
        import_module(f"bench.scaling.{part}").measure(meter, Path(folder))
    print(json.dumps(meter.found))


def measured(part: str, size: int) -> Figures:
    """The figures of one size, from a new process."""
    words = [sys.executable, __file__, part, "--child", str(size)]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def middle(turns: list[Figures]) -> Figures:
    """The median of each figure over all turns."""
    return {
        operation: {name: statistics.median(turn[operation][name] for turn in turns) for name in facts}
        for operation, facts in turns[0].items()
    }


def with_growth(found: dict[int, Figures]) -> dict[str, dict[str, Any]]:
    """By operation: its figures at each size, and the growth of its time per unit from the smallest size to the largest."""
    least, most = min(found), max(found)
    table: dict[str, dict[str, Any]] = {}
    for operation in found[least]:
        row: dict[str, Any] = {"sizes": {size: figures.get(operation, {}) for size, figures in found.items()}}
        facts = found[most].get(operation, {})
        if "seconds" in facts and least != most:
            first = found[least][operation]["us"]
            row["growth"] = round(facts["us"] / first, 2) if first else None
        table[operation] = row
    return table


def print_table(part: str, unit: str, table: dict[str, dict[str, Any]]) -> None:
    """Print time per unit, seconds and peak memory at each size."""
    sizes = list(next(iter(table.values()))["sizes"])
    heads = "".join(f"{f'{size:,} {unit}s':>34}" for size in sizes)
    print(f"{part:<28}{heads}{'growth':>9}")
    for operation, row in table.items():
        cells = []
        for facts in row["sizes"].values():
            if "seconds" in facts:
                cells.append(f"{facts['us']:>11.1f} us {facts['seconds']:>8.2f} s {facts['peak_mb']:>6.0f} MB")
            else:
                cells.append(f"{facts['value']:,.1f}" if facts else "not measured")
        growth = row.get("growth")
        print(f"{operation:<28}{''.join(f'{cell:>34}' for cell in cells)}{'' if growth is None else f'{growth:>9.2f}'}")


def main() -> None:
    """Measure and print what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--sizes", help="sizes, separated by commas; by default those of the part")
    parser.add_argument("--turns", type=int, default=1, help="measure so often, sizes in turns, and take the median")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child is not None:
        child(told.part, told.child)
        return
    module = import_module(f"bench.scaling.{told.part}")
    sizes = [int(size) for size in told.sizes.split(",")] if told.sizes else list(module.SIZES)
    turns = [{size: measured(told.part, size) for size in sizes} for _ in range(told.turns)]
    table = with_growth({size: middle([turn[size] for turn in turns]) for size in sizes})
    print_table(told.part, module.UNIT, table)
    if told.json:
        told.json.write_text(json.dumps({"part": told.part, "unit": module.UNIT, "operations": table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
