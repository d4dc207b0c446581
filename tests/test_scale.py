"""What is done for each node, answer and example does not grow with their number: calls of functions are counted, not time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bench.scaling import cache, data, graph
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.database import count
from promptwire.cache.maintenance import prune, rows
from promptwire.documents.yaml_reader import read_yaml
from promptwire.language.check import check, load_graph
from promptwire.planning.plan import make_plan
from promptwire.running.scheduler import run_graph
from promptwire.tasks.data_notes import data_notes
from promptwire.tasks.splits import split
from promptwire.tasks.task import load_task
from tests.engine.sample_session import session

SMALL, LARGE = 60, 300
GROWTH = 1.15
"""Most that the calls for each unit may grow by from the small size to the large one."""
TYPES = {"noop": graph.noop}


def calls(work: Callable[[], Any]) -> int:
    """How many functions `work` calls, in Python and in C."""
    counted = 0

    def count_one(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count_one)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def growth(make: Callable[[int], Callable[[], Any]]) -> float:
    """Calls for each unit at the large size by those at the small one; `make` prepares the work of a size."""
    make(SMALL)()  # what a first use calls is no cost of a unit
    small, large = (calls(make(size)) / size for size in (SMALL, LARGE))
    return large / small


@pytest.fixture
def pipeline(tmp_path: Path) -> Callable[[int], Path]:
    """The file of a graph of nodes that do nothing."""

    def write(size: int) -> Path:
        path = tmp_path / f"{size}.yaml"
        path.write_text(graph.graph_text(size))
        return path

    return write


def test_check_plan_and_run_do_as_much_for_a_node_of_a_large_graph(pipeline: Callable[[int], Path]) -> None:
    def checking(size: int) -> Callable[[], Any]:
        path = pipeline(size)
        read_yaml(path)
        return lambda: load_graph(path, types=TYPES)

    def planning(size: int) -> Callable[[], Any]:
        made, backend = load_graph(pipeline(size), types=TYPES), ScriptedBackend(lambda request, key: "")
        return lambda: make_plan(made, session(backend).task)

    def running(size: int) -> Callable[[], Any]:
        made, backend = load_graph(pipeline(size), types=TYPES), ScriptedBackend(lambda request, key: "")
        return lambda: asyncio.run(run_graph(made, {}, session(backend)))

    assert {work.__name__: True for work in (checking, planning, running)} == {
        work.__name__: growth(work) < GROWTH for work in (checking, planning, running)
    }


def test_as_much_is_done_for_a_loop_among_many_loops(tmp_path: Path) -> None:
    def loops(size: int) -> Path:
        body = "nodes: {m: {use: noop, value: $s}}"
        lines = [
            f"  n{place}: {{repeat: 1, carry: {{s: {{start: {f'$n{place - 5}.s' if place >= 5 else '$first'}, next: $m}}}}, {body}}}"
            for place in range(size)
        ]
        ends = [f"  o{place}: $n{place}.s" for place in range(size - 5, size)]
        path = tmp_path / f"loops{size}.yaml"
        path.write_text("\n".join(["promptwire: 1", "nodes:", "  first: {use: noop}", *lines, "outputs:", *ends]) + "\n")
        read_yaml(path)
        return path

    def checking(size: int) -> Callable[[], Any]:
        path = loops(size)
        return lambda: load_graph(path, types=TYPES)

    def running(size: int) -> Callable[[], Any]:
        made, backend = load_graph(loops(size), types=TYPES), ScriptedBackend(lambda request, key: "")
        return lambda: asyncio.run(run_graph(made, {}, session(backend)))

    assert max(growth(checking), growth(running)) < GROWTH


def test_a_graph_of_many_faulty_nodes_is_checked_in_steady_calls(tmp_path: Path) -> None:
    def checking(size: int) -> Callable[[], Any]:
        path = tmp_path / f"faulty{size}.yaml"
        path.write_text(graph.graph_text(size).replace("value: $n", "value: $n0.none, other: $n"))
        read_yaml(path)
        return lambda: check(path, types=TYPES)

    assert growth(checking) < GROWTH


def test_a_cache_is_read_pruned_and_counted_in_steady_calls(tmp_path: Path) -> None:
    def filled(size: int) -> Path:
        folder = tmp_path / f"cache{len(list(tmp_path.iterdir()))}"
        cache.fill(folder, size)
        return folder

    def listing(size: int) -> Callable[[], Any]:
        folder = filled(size)
        return lambda: list(rows(folder))

    def pruning(size: int) -> Callable[[], Any]:
        folder = filled(size)
        return lambda: prune(folder, lambda row: True)

    def counting(size: int) -> Callable[[], Any]:
        folder = filled(size)
        return lambda: count(folder)

    assert max(growth(listing), growth(pruning), growth(counting)) < GROWTH


def test_long_examples_are_loaded_noted_and_split_in_steady_calls(tmp_path: Path) -> None:
    def file(size: int) -> Path:
        path = tmp_path / f"{size}.jsonl"
        path.write_text("".join(data.lines(size)), encoding="ascii")
        return path

    def loading(size: int) -> Callable[[], Any]:
        path = file(size)
        return lambda: load_task(str(path), {"prompt": "Label it."})

    def dividing(size: int) -> Callable[[], Any]:
        task = load_task(str(file(size)), {"prompt": "Label it."})

        def work() -> None:
            data_notes(task.test, task.train, None, None)
            split(task.train, 0.2, "dev")
            split(task.train, 0.2, "dev", group="film")

        return work

    assert max(growth(loading), growth(dividing)) < GROWTH
