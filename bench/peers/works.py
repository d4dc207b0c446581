"""The works that are measured, and the tools that do them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from .admission import Settings

__all__ = ["BARE", "COLUMNS", "OURS", "SEARCHES", "TOOLS", "WORKS", "Tool", "Work"]

BARE, OURS = "aiohttp", "promptwire"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, as it is used."""

    environment: str
    """Its virtual environment; empty for the one that the bench runs in."""
    script: str
    """File in tools/ that does its works."""
    package: str
    """Package whose version is shown."""
    evaluate: str = "evaluate"
    """The work of the script with which it evaluates prompts."""


TOOLS: Mapping[str, Tool] = {
    BARE: Tool("", "with_aiohttp.py", "aiohttp"),
    OURS: Tool("", "with_promptwire.py", "promptwire"),
    "dspy": Tool("dspy", "with_dspy.py", "dspy"),
    "dspy Parallel": Tool("dspy", "with_dspy.py", "dspy", "parallel"),
    "promptolution": Tool("promptolution", "with_promptolution.py", "promptolution"),
    "gepa": Tool("gepa", "with_gepa.py", "gepa"),
}


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that several tools do."""

    title: str
    """What tables call it."""
    server: Settings
    """How the server behaves meanwhile."""
    limit: int
    """Most requests in flight that each tool is set to."""
    prompts: int = 20
    """Initial prompts, or prompts to evaluate."""
    examples: int = 100
    """Examples."""
    searches: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """For a search: by tool, the work of its script and its settings. Empty where all tools evaluate."""
    depth: int = 0
    """Longest chain of requests that the algorithm needs at this limit; 0 where the replies decide."""
    part: Mapping[str, int] = field(default_factory=dict)
    """By tool that scores one prompt after the other, how many prompts it scores where all take too long."""
    folder: str = ""
    """Work whose folder is used as it was left; empty for one of its own, emptied before."""
    without: tuple[str, ...] = ()
    """Tools that can't do it."""

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools that do it."""
        return tuple(name for name in self.searches or TOOLS if name not in self.without)

    def prompts_of(self, tool: str) -> int:
        """How many prompts a tool gets."""
        return self.part.get(tool, self.prompts)

    @property
    def places(self) -> int:
        """Requests that can be in flight: what the tools are set to, or what the server allows where that is less."""
        return min(self.limit, self.server.allowed or self.limit)


def _ours(pipeline: str, params: Mapping[str, Any], **parts: int) -> tuple[str, Mapping[str, Any]]:
    """promptwire's settings for a search with a shipped pipeline."""
    return "search", {"pipeline": pipeline, "params": params, **parts}


_FIXED, _SLOW, _SPREAD = Settings(latency=0.05), Settings(latency=0.5), Settings(latency=0.5, spread=0.5)
_LIMITED = Settings(latency=0.2, allowed=8, retry_after=0.5)
_FAULTS = Settings(latency=0.05, errors=0.02, throttled=0.05, dropped=0.01, retry_after=0.2)
_HALF = {"dspy": 10, "gepa": 10}
COLUMNS = ("50ms-32", "50ms-100", "500ms-100", "lognormal-100")
"""Works that evaluate 20 prompts on 100 examples."""
SEARCHES = ("search-opro", "search-gepa", "search-copro", "search-miprov2")
"""Works that search."""
_STEPS, _PER_STEP, _FOUND, _SCORED = 4, 4, 4, 50
_BREADTH, _DEPTH = 6, 3
_GEPA = {"rounds": 24, "train": 50, "dev": 20}
_MIPRO = {"train": 40, "dev": 50, "minibatch": 20, "trials": 10, "shots": 2, "candidates": 4}

WORKS: Mapping[str, Work] = {
    "start": Work("one call as a process", Settings(), 1, prompts=1, examples=1),
    "50ms-32": Work("50 ms × 32", _FIXED, 32),
    "again": Work("the same again", _FIXED, 32, folder="50ms-32", without=(BARE, "dspy Parallel")),
    "50ms-100": Work("50 ms × 100", _FIXED, 100),
    "faults": Work("faults", _FAULTS, 32, prompts=5, without=(BARE, "dspy Parallel")),
    "search-opro": Work(
        "OPRO",
        _FIXED,
        32,
        prompts=_FOUND,
        examples=_SCORED,
        searches={
            OURS: _ours("opro", {"steps": _STEPS, "per_step": _PER_STEP, "scored_on": _SCORED}, train=_SCORED),
            "promptolution": ("opro", {"steps": _STEPS, "per_step": _PER_STEP}),
        },
        depth=ceil(_FOUND * _SCORED / 32) + _STEPS * (1 + ceil(_PER_STEP * _SCORED / 32)),
    ),
    "search-copro": Work(
        "COPRO",
        _FIXED,
        32,
        prompts=1,
        examples=_SCORED,
        searches={
            OURS: _ours("copro", {"breadths": [_BREADTH - 1, *[_BREADTH] * (_DEPTH - 1)]}, train=_SCORED),
            "dspy": ("copro", {"breadth": _BREADTH, "depth": _DEPTH}),
        },
        depth=_DEPTH * (1 + ceil(_BREADTH * _SCORED / 32)),
    ),
    "search-gepa": Work(
        "GEPA",
        _FIXED,
        32,
        prompts=1,
        searches={
            OURS: _ours("gepa", {"rounds": _GEPA["rounds"]}, train=_GEPA["train"], dev=_GEPA["dev"]),
            "gepa": ("optimize", _GEPA),
        },
    ),
    "search-miprov2": Work(
        "MIPROv2",
        _FIXED,
        32,
        prompts=1,
        searches={
            OURS: _ours(
                "miprov2",
                {
                    "sets": _MIPRO["candidates"],
                    "instructions": _MIPRO["candidates"],
                    "scored_on": _MIPRO["dev"],
                    "minibatch": _MIPRO["minibatch"],
                    "trials": [_MIPRO["trials"] // 2] * 2,
                    "bootstrapped": _MIPRO["shots"],
                    "labelled": _MIPRO["shots"],
                },
                train=_MIPRO["train"],
                dev=_MIPRO["dev"],
            ),
            "dspy": ("miprov2", _MIPRO),
        },
    ),
    "500ms-100": Work("500 ms × 100", _SLOW, 100, part=_HALF),
    "lognormal-100": Work("lognormal(0.5 s, 0.5) × 100", _SPREAD, 100, part=_HALF),
    "limited": Work("8 at once are allowed", _LIMITED, 64, prompts=5, without=(BARE, "dspy Parallel")),
}
