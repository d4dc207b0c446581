"""The goals for the speed of promptwire, and what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from .records import Records
from .works import BARE, COLUMNS, OURS, TOOLS, WORKS

__all__ = ["goals"]

_OF_BARE = {"50ms-32": 1.25, "50ms-100": 1.6, "500ms-100": 1.1, "lognormal-100": 1.1}
"""By column, the most that promptwire's time may be, as a multiple of bare aiohttp's."""
_AHEAD = 0.5
"""The most that promptwire's time may be, as a share of the fastest peer's."""
_CPU = 2.0
_LIMITED = 1.3
_CACHED = 0.5


def goals(records: Records) -> Iterator[tuple[str, str, str, str]]:
    """Of each goal what it is, its bound, what was measured, and whether it is met. A goal without figures is left out."""
    for what, most, found in _all(records):
        if found is not None:
            yield what, f"{most:g}", f"{found:.2f}", "met" if found <= most else "missed"


def _all(records: Records) -> Iterator[tuple[str, float, float | None]]:
    for name, most in _OF_BARE.items():
        yield f"{WORKS[name].title}: time to bare aiohttp's", most, _share(records, name, BARE)
    for name in COLUMNS:
        shares = [_share(records, name, tool) for tool in TOOLS if tool not in (BARE, OURS)]
        known = [share for share in shares if share is not None]
        yield f"{WORKS[name].title}: time to the fastest peer's", _AHEAD, max(known, default=None)
    yield "processor time of a new call to bare aiohttp's", _CPU, _share(records, "50ms-32", BARE, "cpu")
    requests = records.middle("limited", OURS, "requests")
    needed = WORKS["limited"].prompts * WORKS["limited"].examples
    yield "8 at once: requests to those needed", _LIMITED, requests / needed if requests else None
    yield "8 at once: time to ideal", _LIMITED, records.ratio("limited", OURS)
    yield "2,000 calls from the cache, seconds", _CACHED, records.middle("again", OURS, "seconds")


def _share(records: Records, work: str, tool: str, key: str = "") -> float | None:
    """promptwire's time to the ideal divided by that of `tool`, or the medians of `key`."""
    if not key:
        ours, theirs = records.ratio(work, OURS), records.ratio(work, tool)
    else:
        ours, theirs = records.middle(work, OURS, key), records.middle(work, tool, key)
    return ours / theirs if ours is not None and theirs else None
