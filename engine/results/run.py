"""One run folder, read: the one place through which commands, pages, comparisons and Python read a run.

A folder may come from an older or a newer version, be half-written, or lack files. What can be read is read; what can't is
empty or None. Files are read when they are first needed, and once.

    run = Run.open(Path(".promptwire/runs/20261127-092223-protegi-planted-0"))
    run.state.kind, run.best.text, run.rows("test"), run.candidates
"""

from __future__ import annotations

import os
import time
from collections import Counter as Counts
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from promptwire.errors import RunError
from promptwire.results.asked import Asked, origins, read_asked
from promptwire.results.candidates import Candidate, Collected, collect
from promptwire.results.heldout_rows import PairedRow, Split, paired_rows
from promptwire.results.leader import Leader, leader_among, leader_in
from promptwire.results.lenient import as_int, read_lines, read_model, read_object
from promptwire.results.node_usage import NodeUsage, read_usage
from promptwire.results.report import REPORT, Report
from promptwire.results.run_settings import RunSettings, began_at, read_settings
from promptwire.results.run_state import FILES, STATE, RunState, state_of
from promptwire.results.steps import Counter, Round, Spent, StepRun, read_rounds, read_steps
from promptwire.security.untrusted_numbers import finite, unix_time
from promptwire.values import Example, Prompt
from promptwire.values.rounds import from_one

__all__ = ["Run"]


class Run:
    """A run folder and what it tells. Reading it never fails; only `open` and `asked` raise errors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """The run folder."""

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """Return the run in `folder`. Raises RunError when it is not a run folder."""
        path = Path(folder)
        if not os.path.isdir(path):
            raise RunError("there is no such run folder", where=str(path)[:200], hint="see `promptwire runs`")
        if not any(os.path.exists(path / name) for name in FILES):
            raise RunError("this is not a run folder: it has no file of a run", where=str(path), hint="see `promptwire runs`")
        return cls(path)

    def __repr__(self) -> str:
        return f"Run.open({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        """Return the run as HTML, which notebooks show: its report, or how it ended and its best prompt so far."""
        from promptwire.results.report_html import run_html  # noqa: PLC0415 - it imports this module

        return run_html(self)

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.absolute().name

    @property
    def state(self) -> RunState:
        """What the run is doing now, or how it ended. Looked up anew each time."""
        return state_of(self.folder, read_object(self.folder / STATE), read_object(self.folder / "report.json"))

    @cached_property
    def settings(self) -> RunSettings:
        """What the run was started with."""
        return read_settings(self._record, read_object(self.folder / "run.json"), self._report)

    @cached_property
    def began(self) -> float | None:
        """Unix time at which it began; None when it is not known."""
        return began_at(self.folder, self._record)

    @cached_property
    def report(self) -> Report | None:
        """The report; None when there is none, or a version wrote it whose reports this one can't read."""
        return None if self._report is None else read_model(Report, self._report)

    @cached_property
    def initial(self) -> Prompt | None:
        """The prompt that the run started from; None when it is not known."""
        return _counted(self._compared[1]) or self._prompt("initial_prompt")

    @cached_property
    def best(self) -> Prompt | None:
        """The prompt that the run ended with, or its best so far; None when it is not known."""
        return _counted(self._compared[2]) or self._prompt("prompt", "demos")

    @cached_property
    def leader(self) -> Leader | None:
        """The prompt that led the search at its last score, with its score in the search; None before the first score."""
        return leader_in(self._events) or leader_among(self.candidates)

    @cached_property
    def steps(self) -> tuple[StepRun, ...]:
        """Runs of its steps, in the order in which they began."""
        return read_steps(self._events)

    @cached_property
    def rounds(self) -> tuple[Round, ...]:
        """Complete rounds of its loops."""
        return read_rounds(self._events)

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Prompts in the outputs of its steps, in the order in which they appeared, with scores, parents and critiques."""
        return self._collected.candidates(origins(self.recorded), self.settings.metric)

    @cached_property
    def examples(self) -> Mapping[str, Example]:
        """Examples that its steps used, by id."""
        return self._collected.examples

    def rows(self, split: Split = "test") -> tuple[PairedRow, ...]:
        """Return each example of the final comparison with the results of both prompts; empty before the comparison."""
        return self._compared[0] if split == "test" else paired_rows(self._values, split, self.examples)[0]

    def asked(self, step: str, round: str | None = None, *, cache: Path | None = None) -> tuple[Asked, ...]:
        """Return the requests of the step at path `step`, with replies and how each was read; see `promptwire.results.asked`.

        `round` is a round such as `2`, counted from 1; None takes all. `cache` is the folder of the cache that holds replies
        which the run folder lacks. Raises RunError for a step that asked nothing, and UsageError for a round 0.
        """
        return read_asked(self.folder, step=step, round=round, steps=self.steps, cache=cache)

    @cached_property
    def recorded(self) -> tuple[Asked, ...]:
        """All requests that the folder keeps word for word, in the order of the trace."""
        return read_asked(self.folder)

    @cached_property
    def asked_steps(self) -> dict[str, tuple[int, int]]:
        """By path of each step that called a model: its calls, and its requests that the folder keeps word for word."""
        calls = Counts(str(call.get("path", "")) for call in read_lines(self.folder / "calls.jsonl"))
        kept = Counts(one.path for one in self.recorded)
        return {path: (calls[path], kept[path]) for path in (calls | kept)}

    @property
    def seconds(self) -> float | None:
        """Duration: up to now while it is at work; of a run that died, up to its last line. None when it is not known."""
        if self.report is not None:
            return self.report.seconds
        if self.began is not None and self.state.kind == "at work":
            return max(0.0, time.time() - self.began)
        ended = unix_time((self._record or {}).get("ended"))
        if self.began is not None and ended:
            return max(0.0, ended - self.began)
        return max((at for line in (*self._events, *self._calls) if (at := finite(line.get("t"))) is not None), default=None)

    @cached_property
    def spent(self) -> Spent | None:
        """The calls, tokens and dollars that its trace tells; None without a trace."""
        if not (self._events or self._calls):
            return None
        told = self.spent_before(1 << 62)
        answers = sum(as_int(event.get("answers")) for event in self._events if event.get("event") == "request")
        # A run that ended inside a step has answers in the cache that were not given to the step.
        late = max(0, answers - told.new)
        return replace(told, calls=told.calls + late, new=told.new + late)

    def spent_before(self, line: int) -> Spent:
        """Return the calls, tokens and dollars that the run had spent before a position of its trace."""
        return self._counter.before(line)

    @cached_property
    def usage(self) -> Mapping[str, NodeUsage]:
        """Calls, tokens and dollars of each node, by path."""
        return read_usage(self._calls, self._events)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What of the folder could not be read, in words."""
        found = []
        if self._report is not None and self.report is None:
            found.append("report.json is of another version of promptwire and can't be read")
        if not self._values:
            found.append("it has no outputs of steps (values.jsonl)")
        elif self.report is not None and self.report.metric != "none" and not self.rows():
            found.append("it has no held-out rows")
        elif any(row.best.output is None for row in self.rows()):
            found.append("an earlier version of promptwire kept no outputs of the held-out rows, only their values")
        return tuple(found)

    @cached_property
    def _record(self) -> dict[str, Any] | None:
        return read_object(self.folder / STATE)

    @cached_property
    def _report(self) -> dict[str, Any] | None:
        return read_object(self.folder / "report.json")

    @cached_property
    def _values(self) -> list[dict[str, Any]]:
        return list(read_lines(self.folder / "values.jsonl"))

    @cached_property
    def _events(self) -> list[dict[str, Any]]:
        return list(read_lines(self.folder / "events.jsonl"))

    @cached_property
    def _calls(self) -> list[dict[str, Any]]:
        """Its calls, without the parts of their keys, which are most of the file."""
        kept = ("n", "t", "path", "new")
        return [{name: line.get(name) for name in kept} for line in read_lines(self.folder / "calls.jsonl")]

    @cached_property
    def _counter(self) -> Counter:
        return Counter(self._calls, self._events)

    @cached_property
    def _collected(self) -> Collected:
        return collect(line for line in self._values if line.get("path") != REPORT)

    @cached_property
    def _compared(self) -> tuple[tuple[PairedRow, ...], Prompt | None, Prompt | None]:
        return paired_rows(self._values, "test", self.examples)

    def _prompt(self, text: str, demos: str = "") -> Prompt | None:
        """The prompt in the fields `text` and `demos` of the report or of best.json."""
        data = self._report or read_object(self.folder / "best.json") or {}
        if not isinstance(data.get(text), str):
            return None
        companions = data.get("companions") if demos else None
        return read_model(Prompt, {"text": data[text], "demos": data.get(demos) or (), "companions": companions or {}})


def _counted(prompt: Prompt | None) -> Prompt | None:
    """`prompt` with its round counted from 1, like that of a candidate."""
    return None if prompt is None else prompt.model_copy(update={"round": from_one(prompt.round)})
