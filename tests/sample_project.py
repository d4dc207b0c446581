"""Sample node types, and helpers that check a pipeline of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from promptwire.graph.steps import Graph
from promptwire.language.check import Checked, check
from promptwire.node import Context, NodeType, node
from promptwire.values import Examples, Failures, History, Model, Prompt, Prompts, Scores

__all__ = ["TYPES", "Project"]


class _Sets(Model):
    prompts: Prompts


class _Graded(Model):
    scores: Scores


class _On(Model):
    prompts: Prompts
    on: Examples
    hard: Examples | None = None


class _Nothing(Model):
    pass


class _Kept(Model):
    best: Prompt
    prompts: Prompts


class _Keep(Model):
    keep: int = Field(default=1, ge=1)
    policy: Literal["top", "ucb"] = "top"
    share: float = Field(default=0.5, gt=0, lt=1)


class _Log(Model):
    log: History = History()
    scores: Scores


class _Longer(Model):
    log: History
    flat: bool


class _Wrong(Model):
    failures: Failures


class _Count(Model):
    n: int = Field(ge=1)


class _Slots(Model):
    prompts: Prompts
    n: int


@node()
async def mix(inputs: _Sets, params: _Nothing, context: Context) -> _Sets:
    """Return the prompts."""
    return inputs


@node(scores=True)
async def grade(inputs: _On, params: _Nothing, context: Context) -> _Graded:
    """Score prompts."""
    return _Graded(scores=Scores())


@node()
async def pick(inputs: _Sets, params: _Keep, context: Context) -> _Kept:
    """Keep the best."""
    return _Kept(best=Prompt(text=""), prompts=inputs.prompts)


@node()
async def note(inputs: _Log, params: _Nothing, context: Context) -> _Longer:
    """Append scores to a history."""
    return _Longer(log=inputs.log, flat=True)


@node()
async def wrong(inputs: _Graded, params: _Nothing, context: Context) -> _Wrong:
    """Collect failures."""
    return _Wrong(failures=Failures())


@node(slots=_Slots)
async def write(inputs: _Sets, params: _Count, context: Context) -> _Sets:
    """Let a model write prompts."""
    return inputs


@node(slots=_Slots, renders=True)
async def tell(inputs: _Sets, params: _Count, context: Context) -> _Sets:
    """Render a template without a model."""
    return inputs


TYPES: Mapping[str, NodeType] = {kind.name: kind for kind in (mix, grade, pick, note, wrong, write, tell)}


class Project:
    """A folder with a pipeline, and the results of its check."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def check(self, text: str, **options: Any) -> Checked:
        """Check `text` as the file `p.yaml` in the folder, which is the working folder."""
        self.write("p.yaml", text)
        return check("p.yaml", types=TYPES, **options)

    def graph(self, text: str, **options: Any) -> Graph:
        """The graph of `text`, which must be valid."""
        checked = self.check(text, **options)
        assert checked.graph is not None, "\n".join(map(str, checked.problems))
        return checked.graph

    def told(self, text: str, **options: Any) -> list[str]:
        """The first line of every problem with `text`."""
        return [str(problem).splitlines()[0] for problem in self.check(text, **options).problems]

    def told_of(self, nodes: str, *, head: str = "", outputs: str = "{prompt: $seed}") -> list[str]:
        """Errors of a pipeline with these nodes, the first on line 3; inputs are `seed` and `train`."""
        start = f"promptwire: 1\ninputs: {{seed: Prompts, train: Examples}}\nnodes:\n{nodes}\n"
        return [line for line in self.told(f"{start}outputs: {outputs}\n{head}\n") if ": warning: " not in line]
