"""Copy a local cache to and from the server that shares answers, in batches. No answer on either side is replaced.

Both can be stopped and repeated: what is there already is not sent again. What the server holds is untrusted input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from promptwire.cache.disk import ResponseCache
from promptwire.cache.maintenance import KEY, CacheEntry, rows
from promptwire.cache.record import CacheRecord
from promptwire.errors import CacheError
from promptwire.shared.redis_server import RedisServer, Refusal
from promptwire.shared.tier_scripts import EXISTING, LEASE, PUBLISH_ROWS, ROW

__all__ = ["Copied", "pull", "push"]

_BATCH: Final = 500
_MESSAGE: Final = 4 << 20
"""Bytes of rows in one message."""


@dataclass(slots=True)
class Copied:
    """Counts of a copy."""

    total: int = 0
    """Answers that could be read."""
    new: int = 0
    """Answers that were not there before."""
    unreadable: int = 0
    """Rows that can't be read, and were not copied."""


async def push(folder: Path, url: str) -> Copied:
    """Copy the answers of the cache in `folder` to the server at `url`.

    Raises CacheError when a side can't be used, and when the server goes away on the way.
    """
    server, found = RedisServer(url), Copied()
    try:
        await server.open()
        every = rows(folder)
        while batch := list(islice(every, _BATCH)):
            entries = [row for row in batch if isinstance(row, CacheEntry)]
            found.unreadable += len(batch) - len(entries)
            there = _list(await _ask(server, found, EXISTING, [ROW + entry.key for entry in entries], []), len(entries))
            missing = [entry for entry, known in zip(entries, there, strict=True) if not known]
            for part in _messages(missing):
                keys = [name for key, _ in part for name in (ROW + key, LEASE + key)]
                await _ask(server, found, PUBLISH_ROWS, keys, ["", "", *(row for _, row in part)])
                found.new += len(part)
            found.total += len(entries)
    finally:
        await server.close()
    return found


async def pull(folder: Path, url: str) -> Copied:
    """Copy the answers of the server at `url` to the cache in `folder`. Raises CacheError like `push`."""
    server, found = RedisServer(url), Copied()
    cache, seen = ResponseCache(folder), set[bytes]()
    cursor: bytes | None = b"0"
    try:
        await server.open()
        while cursor is not None:
            cursor, keys = await _scanned(server, found, cursor)
            fresh = [key for key in keys if bytes.fromhex(key) not in seen]
            seen.update(map(bytes.fromhex, fresh))
            known = {key for key, one in cache.find(fresh).items() if one is not None}
            found.total += len(known)
            for start in range(0, len(fresh), _BATCH):
                await _store(server, found, cache, [key for key in fresh[start : start + _BATCH] if key not in known])
            cache.flush()
    finally:
        cache.close()
        await server.close()
    return found


async def _store(server: RedisServer, found: Copied, cache: ResponseCache, keys: Sequence[str]) -> None:
    """Fetch the rows under `keys` and store those that can be read."""
    if not keys:
        return
    (texts,) = await _sent(server, found, ("MGET", *(ROW + key for key in keys)))
    for key, text in zip(keys, _list(texts, len(keys)), strict=True):
        record = _read(text)
        if record is None:
            found.unreadable += 1
            continue
        cache.put(key, record.completion, meta=record.meta)
        found.total += 1
        found.new += 1


def _read(text: Any) -> CacheRecord | None:
    try:
        return CacheRecord.read(text.decode("utf-8")) if isinstance(text, bytes) else None
    except UnicodeDecodeError:
        return None


def _messages(entries: Sequence[CacheEntry]) -> Iterator[list[tuple[str, str]]]:
    """Keys and rows, as many at a time as one message takes."""
    part: list[tuple[str, str]] = []
    size = 0
    for entry in entries:
        text = entry.record.write()
        if part and size + len(text) > _MESSAGE:
            yield part
            part, size = [], 0
        part.append((entry.key, text))
        size += len(text)
    if part:
        yield part


async def _scanned(server: RedisServer, found: Copied, cursor: bytes) -> tuple[bytes | None, list[str]]:
    """The next cursor, None at the end, and the cache keys of this part of the server's keys."""
    script = "return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])"
    reply = await _ask(server, found, script, [], [cursor, ROW + "*", _BATCH])
    at, listed = _list(reply, 2)
    names = [str(name, "utf-8", "replace").removeprefix(ROW) for name in _list(listed) if isinstance(name, bytes)]
    keys = [name for name in names if KEY.fullmatch(name)]
    found.unreadable += len(names) - len(keys)
    return (at if isinstance(at, bytes) and at != b"0" else None), keys


def _list(reply: Any, length: int | None = None) -> list[Any]:
    """`reply` if it is a list of this length. Raises CacheError."""
    if isinstance(reply, list) and length in (None, len(reply)):
        return reply
    raise CacheError("the server's reply can't be read", hint="is this address that of a Redis or Valkey server?")


async def _ask(
    server: RedisServer, found: Copied, script: str, keys: Sequence[str], arguments: Sequence[str | bytes | int]
) -> Any:
    """The reply to a script."""
    (reply,) = await _sent(server, found, RedisServer.script(script, keys, arguments))
    return reply


async def _sent(server: RedisServer, found: Copied, command: Sequence[str | bytes | int]) -> Sequence[Any]:
    """The reply to a command, in a list. Raises CacheError when the server is away or refuses it."""
    replies = await server.send([command])
    refusal = next((one.text for one in replies or () if isinstance(one, Refusal)), "")
    if replies is None or refusal:
        why = refusal or "; ".join(server.take_notes()).removeprefix(f"warning: {server.where}: ")
        problem = f"only {found.new:,} new answers were copied: {why.removesuffix('; the run goes on without it')}"
        raise CacheError(problem, where=server.where, hint="give the same command again: it goes on where it stopped")
    return replies
