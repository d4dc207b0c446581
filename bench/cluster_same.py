"""The sweep of the cluster tests in full: one process, 2 and 4 workers with caches of their own and one Redis server."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from promptwire.documents.yaml_reader import load_yaml

from .cluster_parts import ROOT, Parts, Process, Redis, Scheduler
from .cluster_sweeps import Home, write_sweep

__all__ = ["cells", "cluster", "model", "same"]

Rows = Iterator[tuple[str, Mapping[str, Any]]]


def cluster(parts: Parts, count: int, *, redis: Redis | None, name: str) -> tuple[Scheduler, list[Process]]:
    """A scheduler with `count` workers, each with a cache of its own."""
    scheduler = parts.scheduler()
    env = {"OPENAI_API_KEY": "none", **({"PROMPTWIRE_CACHE_URL": redis.url} if redis else {})}
    return scheduler, parts.workers(scheduler, [f"{name}-{number}" for number in range(count)], env=env)


def same(parts: Parts, scale: float) -> Rows:
    """Results and payments of 24 cells in one process and on workers. A question is what the model server got."""
    server = parts.model_server()
    server.set(latency=0.02)

    def asked(home: Home) -> Counter[str]:
        found = Counter(server.questions())
        server.forget()
        return found

    file = write_sweep(parts.folder / "sweep", server.url, seeds=4 if scale == 1 else 1)
    yield from _everywhere(parts, file, table="same", asked=asked)


def _everywhere(parts: Parts, file: Path, *, table: str, asked: Callable[[Home], Counter[str]]) -> Rows:
    """Run the sweep in one process, on 2 and on 4 workers; `asked` gives the questions that were paid for in a home."""
    alone = Home(parts.folder / "alone")
    alone.sweep(file, "--quiet")
    results, questions = alone.outcomes(), asked(alone)
    yield table, _row("one process", results, results, questions=questions, alone=questions)
    for count in (2, 4):
        redis = parts.redis()
        scheduler, workers = cluster(parts, count, redis=redis, name=f"same-{count}")
        home = Home(parts.folder / f"home-{count}", redis.url)
        home.sweep(file, "--quiet", "--on", str(scheduler.file))
        yield table, _row(f"{count} workers", home.outcomes(), results, questions=asked(home), alone=questions)
        for process in (*workers, scheduler, redis):
            process.kill()


def _row(
    where: str, found: Mapping[str, str], results: Mapping[str, str], *, questions: Counter[str], alone: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "where": where,
        "cells": len(found),
        "with the same results": _equal(found, results),
        "questions paid for": sum(questions.values()),
        "of these distinct": len(questions),
        "not asked by one process": len(questions.keys() - alone.keys()),
    }


def _equal(found: Mapping[str, str], results: Mapping[str, str]) -> int:
    """How many cells have the same result."""
    return sum(found.get(key) == result for key, result in results.items())


def model(parts: Parts, scale: float) -> Rows:
    """The same for 24 cells with the embedded model, which each worker runs for itself; a question is a cache key here."""
    parts.folder.mkdir(parents=True, exist_ok=True)
    tasks = [_small_task(parts.folder, name) for name in ("antonyms", "plural")]
    sweep = {
        "promptwire": 1,
        "sweep": "embedded",
        "pipelines": [
            {"pipeline": "opro-small", "params": {"steps": 1, "scored_on": 8}},
            {"pipeline": "random-search", "params": {"n": 2, "pulls": 24, "scored_on": 8}},
            {"pipeline": "ape", "params": {"draws": 1, "n": 2, "first": 4, "scored_on": 8}},
        ],
        "tasks": tasks,
        "models": ["local"],
        "seeds": 4 if scale == 1 else 1,
    }
    file = parts.folder / "embedded.yaml"
    file.write_text(json.dumps(sweep), encoding="utf-8")
    yield from _everywhere(parts, file, table="embedded model", asked=Home.paid)


def _small_task(folder: Path, name: str) -> str:
    """The file of a shipped task with its first 16 training and 8 test examples, written into `folder`."""
    shipped = ROOT / "pipelines" / "tasks"
    task = load_yaml(shipped / f"{name}.yaml")
    for split, most in (("train", 16), ("test", 8)):
        file = task["data"][split]
        lines = (shipped / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("".join(lines[:most]), encoding="utf-8")
    made = folder / f"{name}.yaml"
    made.write_text(json.dumps(task), encoding="utf-8")  # JSON is YAML
    return str(made)


def cells(parts: Parts, scale: float) -> Rows:
    """Seconds that a cell takes whose answers are all in the cache, in one process and on workers."""
    server = parts.model_server()
    file = write_sweep(parts.folder / "sweep", server.url, seeds=max(1, round(8 * scale)), tasks=1)
    warm = Home(parts.folder / "warm")
    warm.sweep(file, "--quiet")
    server.forget()
    for where in ("here", "1 worker", "2 workers"):
        home = Home(parts.folder / where.replace(" ", "-"))
        shutil.copytree(warm.folder / "cache", home.folder / "cache")
        options, started = ["--quiet"], []
        if where != "here":
            count = int(where[0])
            scheduler, workers = cluster(parts, count, redis=None, name=f"cells-{count}")
            for number in range(count):
                shutil.copytree(warm.folder / "cache", parts.folder / f"cells-{count}-{number}" / "cache")
            started = [scheduler, *workers]
            options += ["--on", str(scheduler.file)]
        busy = sum(process.cpu for process in started)
        begin, own = time.monotonic(), _children()
        home.sweep(file, *options)
        took, used = time.monotonic() - begin, _children() - own + sum(process.cpu for process in started) - busy
        assert not server.questions(), "every answer was in the cache"
        count = len(home.outcomes())
        yield (
            "cells",
            {
                "where": where,
                "cells": count,
                "wall seconds a cell": round(took / count, 3),
                "processor seconds a cell": round(used / count, 3),
                "cells a second": round(count / took, 2),
            },
        )
        for process in started:
            process.kill()


def _children() -> float:
    """Processor seconds of the commands that have ended."""
    import resource  # noqa: PLC0415 - not on every system

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
