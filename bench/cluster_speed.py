"""Throughput of workers: 50,000 calls at 20 ms, with the shared cache and without."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .cluster_parts import ModelServer, Parts
from .cluster_same import cluster
from .cluster_sweeps import Home
from .peers.replies import item, label_of

__all__ = ["calls"]

_CELLS, _PROMPTS, _EXAMPLES = 8, 20, 305
"""8 cells of 20 prompts × 305 examples, and a comparison: 50,000 calls."""
_PIPELINE = """promptwire: 1
name: many
doc: Score all initial prompts on all training examples.
inputs: {seed: Prompts, train: Examples}
nodes:
  best: {use: beam-select, prompts: $seed, on: $train, keep: 1}
outputs: {prompt: $best}
"""


def calls(parts: Parts, scale: float) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Calls a second and processor time a call; each turn has questions of its own."""
    folder = parts.folder / "many"
    folder.mkdir(parents=True)
    (folder / "many.yaml").write_text(_PIPELINE, encoding="utf-8")
    for name, places in (("train", range(max(10, int(_EXAMPLES * scale)))), ("test", range(1000, 1060))):
        lines = (json.dumps({"input": item(place), "output": label_of(place)}) for place in places)
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    server = _server(parts)
    for count in (1, 2, 4):
        for shared in (False, True):
            file = _sweep(folder, f"{count} {'with' if shared else 'without'}", server.url)
            redis = parts.redis() if shared else None
            scheduler, workers = cluster(parts, count, redis=redis, name=f"speed-{count}-{shared}")
            home = Home(folder / f"home-{count}-{shared}", redis.url if redis else "")
            begin, busy = time.monotonic(), sum(worker.cpu for worker in workers)
            home.sweep(file, "--quiet", "--on", str(scheduler.file))
            took, used = time.monotonic() - begin, sum(worker.cpu for worker in workers) - busy
            paid = home.new_calls()
            yield (
                "calls",
                {
                    "workers": count,
                    "shared cache": "yes" if shared else "no",
                    "calls": paid,
                    "seconds": round(took, 1),
                    "calls a second": round(paid / took),
                    "worker us a call": round(used / paid * 1e6),
                    "redis-server us a call": round(redis.cpu / paid * 1e6) if redis else "",
                },
            )
            for process in (*workers, scheduler, *([redis] if redis else [])):
                process.kill()


def _server(parts: Parts) -> ModelServer:
    server = parts.model_server("bench.peers.server")
    server.set(latency=0.02)
    return server


def _sweep(folder: Path, name: str, url: str) -> Path:
    """A sweep whose tasks differ in their prompts from each other and from those of other names."""
    data = {"data": {"train": "train.jsonl", "test": "test.jsonl"}, "labels": ["negative", "positive"], "metric": "exact"}
    tasks = []
    for cell in range(_CELLS):
        prompts = [f"Say it, in way {number} of {name} {cell}." for number in range(_PROMPTS)]
        task = folder / f"{name.replace(' ', '-')}-{cell}.yaml"
        task.write_text(json.dumps({"promptwire": 1, "task": task.stem, "prompt": prompts, **data}), encoding="utf-8")
        tasks.append(task.name)
    models = [{"task": "openai/m", "api_bases": {"task": url}, "limits": {"task": {"parallel": 64}}}]
    sweep = {"promptwire": 1, "sweep": name, "pipelines": ["many.yaml"], "tasks": tasks, "models": models, "seeds": 1}
    file = folder / f"{name.replace(' ', '-')}.yaml"
    file.write_text(json.dumps(sweep), encoding="utf-8")
    return file
