"""The tables of docs/performance.md, from the runs that were measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .goals import goals
from .records import Records
from .works import BARE, COLUMNS, OURS, SEARCHES, TOOLS, WORKS

__all__ = ["written"]

_TROUBLES = ("limited", "faults")
_MARK, _END = "<!-- peers -->", "<!-- end of peers -->"


def written(page: str, records: Records) -> str:
    """`page` with the tables between its marks."""
    before, mark, rest = page.partition(_MARK)
    _, end, after = rest.partition(_END)
    if not (mark and end):
        raise ValueError(f"the page lacks {_MARK} or {_END}")
    inner = "\n".join(_tables(records)) if records.runs else "Nothing is measured yet."
    return f"{before}{mark}\n\n{inner}\n\n{end}{after}"


def _tables(records: Records) -> Iterator[str]:
    """All tables, with what each shows."""
    yield _machine(records)
    yield "\n### Evaluate 20 prompts on 100 examples\n"
    yield "Time to the ideal, by latency and concurrency. Lower is better; 1 is the ideal.\n"
    yield from _rows(["", *(WORKS[name].title for name in COLUMNS)], [[tool, *_ratios(records, tool)] for tool in TOOLS])
    yield "\nThe same as multiples of promptwire's time:\n"
    others = [tool for tool in TOOLS if tool != OURS]
    yield from _rows(["", *(WORKS[name].title for name in COLUMNS)], [[tool, *_times(records, tool)] for tool in others])
    yield "\n### Processor time, memory, start-up and the cache\n"
    yield from _costs(records)
    yield "\n### Limits and faults\n"
    yield from _troubles(records)
    yield "\n### Searches\n"
    yield from _searches(records)
    yield "\n### Goals\n"
    yield from _rows(["goal", "at most", "measured", ""], [[*each] for each in goals(records)])


def _machine(records: Records) -> str:
    known = records.machine
    tools = [f"{tool.package} {known['versions'][tool.environment or OURS][tool.package]}" for tool in TOOLS.values()]
    rounds = [f"{name} {_range([len(records.of(work, name)) for work in WORKS if records.of(work, name)])}" for name in TOOLS]
    made = f"Measured on {known['made']}: " if "made" in known else ""
    told = f"{made}{known['cores']} cores ({known['processor']}), {known['system']}, Python {known['python']}; "
    return f"{told}{', '.join(dict.fromkeys(tools))}.\nMedians of rounds: {', '.join(rounds)}."


def _range(numbers: Sequence[int]) -> str:
    least, most = min(numbers, default=0), max(numbers, default=0)
    return f"{most}" if least == most else f"{least} to {most}"


def _ratios(records: Records, tool: str) -> list[str]:
    return ["error" if records.error(name, tool) else _number(records.ratio(name, tool)) for name in COLUMNS]


def _times(records: Records, tool: str) -> list[str]:
    """The times of `tool` to the ideal, each divided by promptwire's."""
    pairs = [(records.ratio(name, tool), records.ratio(name, OURS)) for name in COLUMNS]
    return [_number(theirs / ours if theirs and ours else None) for theirs, ours in pairs]


def _costs(records: Records) -> Iterator[str]:
    head = [
        "",
        "ms of processor a call",
        "times aiohttp",
        "memory, MB",
        "one call, s",
        "again, s",
        "as a process, s",
        "calls sent again",
    ]
    bare = _per_call(records, BARE)
    rows = []
    for tool in TOOLS:
        mine = _per_call(records, tool)
        again = [_number(records.middle("again", tool, key)) for key in ("seconds", "whole")]
        sent = _number(records.middle("again", tool, "requests"), 0)
        start, size = records.middle("start", tool, "whole"), records.middle("50ms-32", tool, "megabytes")
        times = mine / bare if mine and bare else None
        rows.append([tool, _number(mine), _number(times, 1), _number(size, 0), _number(start), *again, sent])
    yield "Processor time, memory and the second run are those of 2,000 calls with 50 ms × 32. One call is a process from"
    yield "its start to its end.\n"
    yield from _rows(head, rows)


def _per_call(records: Records, tool: str) -> float | None:
    spent, calls = records.middle("50ms-32", tool, "cpu"), records.middle("50ms-32", tool, "answered")
    return spent / calls * 1000 if spent and calls else None


def _troubles(records: Records) -> Iterator[str]:
    head = [""]
    for work in _TROUBLES:
        head += [f"{WORKS[work].title}: time to ideal", "requests a row", "rows lost"]
    rows = []
    for tool in TOOLS:
        if not any(tool in WORKS[work].tools for work in _TROUBLES):
            continue
        row = [tool]
        for work in _TROUBLES:
            if records.error(work, tool):
                row += ["ends with an error", "-", "-"]
                continue
            needed = WORKS[work].prompts * WORKS[work].examples
            sent, made = records.middle(work, tool, "requests"), records.middle(work, tool, "rows")
            lost = None if made is None else needed - made
            row += [_number(records.ratio(work, tool)), _number(sent / needed if sent else None), _number(lost, 0)]
        rows.append(row)
    yield from _rows(head, rows)


def _searches(records: Records) -> Iterator[str]:
    head = ["search", "tool", "calls", "seconds", "time to ideal", "longest chain", "times promptwire's ratio"]
    rows = []
    for name in SEARCHES:
        ours = records.ratio(name, OURS)
        for tool in WORKS[name].tools:
            ratio = records.ratio(name, tool)
            rows.append(
                [
                    WORKS[name].title,
                    tool,
                    _number(records.middle(name, tool, "answered"), 0),
                    _number(records.middle(name, tool, "seconds")) if not records.error(name, tool) else "ends with an error",
                    _number(ratio),
                    _beside(records.middle(name, tool, "chain"), WORKS[name].depth),
                    "" if tool == OURS else _number(ratio / ours if ratio and ours else None),
                ]
            )
    yield from _rows(head, rows)


def _beside(value: float | None, needed: int) -> str:
    """A count, with what the algorithm needs where that is known."""
    return _number(value, 0) + (f" of {needed}" if needed and value is not None else "")


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table in Markdown; promptwire's row is bold."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(f'**{cell}**' if OURS in row[:2] and cell else cell for cell in row)} |"


def _number(value: float | None, digits: int = 2) -> str:
    """A number as cells show it; empty where there is none."""
    return "" if value is None else f"{value:,.{digits}f}"
