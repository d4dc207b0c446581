"""Measure what a large cluster would run into: Redis memory and processor time for an answer, Dask's for a task and a worker.

Rows are those of the recorded runs in docs/results, and long ones of 1,500 characters. Times are processor seconds of the
server's process, so that a busy machine has no effect. `bench/cluster.py limits` prints the figures.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from promptwire.values.hashing import canonical, digest

from .cluster_parts import Parts, Redis, Scheduler

__all__ = ["calls", "memory", "reading", "scheduler_idle", "scheduler_tasks"]

ROOT = Path(__file__).parent.parent
LONG = 1500
"""Characters of a long answer, about 350 tokens."""
_BATCH = 500


def recorded_rows() -> tuple[str, ...]:
    """The answers of the recorded runs of real models, as the cache stores them."""
    found = []
    for path in sorted((ROOT / "docs" / "results").glob("*.bundle.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [canonical(line["row"]) for line in map(json.loads, lines) if "row" in line]
    return tuple(found)


def long_rows() -> tuple[str, ...]:
    """The recorded rows with long answers, none like another."""
    rows = [json.loads(row) for row in recorded_rows()]
    words = " ".join(row["answer"]["text"] for row in rows)
    starts = range(0, len(words) - LONG, 97)
    pairs = zip(cycle(rows), starts, strict=False)
    return tuple(canonical({**row, "answer": {**row["answer"], "text": words[at : at + LONG]}}) for row, at in pairs)


def memory(parts: Parts, rows: Sequence[str], count: int) -> dict[str, float]:
    """Store `count` answers. Returns bytes of an answer's row, of memory and of disk for one answer, and server seconds."""
    server = parts.redis("--appendfsync", "everysec")
    door = _client(server)
    before, cpu = door.info("memory")["used_memory"], server.cpu
    for batch in _batches(_pairs(rows, count), _BATCH):
        with door.pipeline(transaction=False) as pipe:
            for key, row in batch:
                pipe.set(key, row)
            pipe.execute()
    spent = server.cpu - cpu
    used = door.info("memory")["used_memory"] - before
    disk = sum(path.stat().st_size for path in server.folder.rglob("*") if path.is_file())
    written = sum(len(rows[place % len(rows)].encode()) for place in range(count)) / count
    server.kill()
    return {
        "rows": count,
        "row bytes": round(written),
        "memory bytes": round(used / count),
        "disk bytes": round(disk / count),
        "server us a write": round(spent / count * 1e6, 2),
    }


def reading(parts: Parts, rows: Sequence[str], count: int) -> list[dict[str, float]]:
    """Read `count` answers by MGET of 1, 32 and 512 keys: server's and client's microseconds a key, keys a second and core."""
    server = parts.redis("--appendonly", "no")
    door = _client(server)
    pairs = list(_pairs(rows, count))
    for batch in _batches(iter(pairs), _BATCH):
        door.mset(dict(batch))
    found = []
    for size in (1, 32, 512):
        part = pairs[: count // 8] if size == 1 else pairs
        cpu, own = server.cpu, time.process_time()
        for batch in _batches(iter(part), size):
            assert all(door.mget([key for key, _ in batch]))
        theirs, ours = server.cpu - cpu, time.process_time() - own
        us, client = theirs / len(part) * 1e6, ours / len(part) * 1e6
        found.append({"keys": size, "server us": round(us, 2), "client us": round(client, 2), "keys a second": round(1e6 / us)})
    server.kill()
    return found


def calls(parts: Parts, rows: Sequence[str], count: int, *, wave: int) -> dict[str, float]:
    """What `count` new calls, `wave` at once, cost through the shared tier: a look-up, a lease, the answer, the lease's end.

    Returns processor time of the server and bytes of the network for a call; bench/shared_cache.py has that of the client.
    """
    server = parts.redis("--appendfsync", "everysec")
    door, pairs = _client(server), list(_pairs(rows, count))
    asyncio.run(_calls(server, [(f"first {key}", row) for key, row in pairs[:wave]], wave))
    cpu, before = server.cpu, door.info("stats")
    asyncio.run(_calls(server, pairs, wave))
    after, us = door.info("stats"), (server.cpu - cpu) / count * 1e6
    read, sent = (after[name] - before[name] for name in ("total_net_input_bytes", "total_net_output_bytes"))
    server.kill()
    return {
        "calls at once": wave,
        "server us": round(us, 1),
        "bytes in": round(read / count),
        "bytes out": round(sent / count),
        "calls a second and core of the server": round(1e6 / us),
    }


async def _calls(server: Redis, pairs: Sequence[tuple[str, str]], wave: int) -> None:
    from promptwire.shared.redis_tier import open_tier  # noqa: PLC0415

    tier = await open_tier(server.url)

    async def call(key: str, row: str) -> None:
        assert not await tier.fetch([key])
        leased: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        tier.lease([key], {}, leased)
        assert (await leased)[key] == "granted"
        tier.publish(key, row)

    for batch in _batches(iter(pairs), wave):
        await asyncio.gather(*(call(key, row) for key, row in batch))
    await tier.close()


def scheduler_tasks(parts: Parts, scheduler: Scheduler, *, tasks: int, size: int) -> dict[str, float]:
    """Run `tasks` tasks that get and return `size` bytes: scheduler's microseconds a task, its memory for a waiting one."""
    from distributed import Client  # noqa: PLC0415 - other parts of the bench need no Dask

    with Client(scheduler_file=str(scheduler.file), set_as_default=False) as client:
        texts = [f"{place:9d}" + digest(place) * (size // 64) for place in range(tasks)]
        client.gather(client.map(len, texts[:8], pure=False))
        cpu, resident = scheduler.cpu, _resident(scheduler.popen.pid)
        futures = client.map(_echo, texts, pure=False)
        assert client.gather(futures) == texts
        spent, grown = scheduler.cpu - cpu, _resident(scheduler.popen.pid) - resident
        return {
            "tasks": tasks,
            "bytes": size,
            "server us a task": round(spent / tasks * 1e6),
            "memory bytes a task": round(grown / tasks),
            "tasks a second": round(tasks / spent),
        }


def scheduler_idle(parts: Parts, scheduler: Scheduler, *, workers: Sequence[int], seconds: float) -> list[dict[str, float]]:
    """Scheduler's milliseconds a second for each number of idle workers, which send heartbeats from one process here."""
    return asyncio.run(_idle(parts.folder, scheduler, workers, seconds))


async def _idle(folder: Path, scheduler: Scheduler, counts: Sequence[int], seconds: float) -> list[dict[str, float]]:
    from distributed import Worker  # noqa: PLC0415

    started: list[Any] = []
    found = []
    for count in counts:
        while len(started) < count:
            home = str(folder / f"idle-{len(started)}")
            options = {"nthreads": 1, "memory_limit": 0, "dashboard": False, "local_directory": home}
            started.append(await Worker(scheduler.address, **options))
        await asyncio.sleep(5)  # until the workers know the pace of heartbeats for their number
        cpu, start = scheduler.cpu, time.monotonic()
        await asyncio.sleep(seconds)
        spent = (scheduler.cpu - cpu) / (time.monotonic() - start)
        beat = sum(worker.periodic_callbacks["heartbeat"].callback_time for worker in started) / count / 1000
        found.append(
            {"workers": count, "heartbeats a second": round(count / beat, 1), "server ms a second": round(spent * 1000, 1)}
        )
    await asyncio.gather(*(worker.close() for worker in started))
    return found


def _echo(text: str) -> str:
    return text


def _client(server: Redis) -> Any:
    import redis  # noqa: PLC0415 - other parts of the bench need no Redis

    return redis.Redis(port=server.port)


def _pairs(rows: Sequence[str], count: int) -> Iterator[tuple[str, str]]:
    """Keys as the cache makes them, with rows."""
    return ((f"promptwire:{digest(place)}", rows[place % len(rows)]) for place in range(count))


def _batches(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while batch := list(islice(items, size)):
        yield batch


def _resident(pid: int) -> int:
    """Resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
