"""Figures of docs/cluster.jsonl, and the tables of docs/cluster.md that are made from them.

Each line of the file is a row of one table: the name of the table under `table`, then a value for each column.

    python -m bench.cluster_page        writes the tables into the page
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["keep", "written"]

DOCS = Path(__file__).parent.parent / "docs"
FIGURES, PAGE = DOCS / "cluster.jsonl", DOCS / "cluster.md"
_PLACE = re.compile(r"(<!-- figures ([\w ]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)

Row = Mapping[str, Any]


def keep(table: str, rows: Iterable[Row]) -> None:
    """Replace the rows of `table` in the file of figures."""
    lines = FIGURES.read_text(encoding="utf-8").splitlines() if FIGURES.is_file() else []
    others = [line for line in lines if json.loads(line)["table"] != table]
    new = [json.dumps({"table": table, **row}, ensure_ascii=False) for row in rows]
    FIGURES.write_text(
        "".join(f"{line}\n" for line in sorted([*others, *new], key=lambda line: json.loads(line)["table"])), encoding="utf-8"
    )


def written(page: str, figures: str) -> str:
    """The page with its tables made from the figures. Raises KeyError for a table without figures."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for line in figures.splitlines():
        row = json.loads(line)
        tables.setdefault(row.pop("table"), []).append(row)
    return _PLACE.sub(lambda place: f"{place[1]}{_table(tables[place[2]])}{place[3]}", page)


def _table(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, ["---:" if isinstance(rows[0].get(name), int | float) else "---" for name in columns]]
    lines += [[_cell(row.get(name, "")) for name in columns] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def main() -> None:
    """Write the tables into the page."""
    page = written(PAGE.read_text(encoding="utf-8"), FIGURES.read_text(encoding="utf-8"))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
