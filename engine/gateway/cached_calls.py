"""Calls that need no request: their completions are in the cache, or in flight for another step.

`find` looks up one call. `recall` looks up those of many requests together, so that none of them needs a task of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from promptwire.backend import Backend, Completion, Request
from promptwire.cache.disk import ResponseCache
from promptwire.cache.policy import CachePolicy
from promptwire.cache.record import filtered
from promptwire.gateway.in_flight import InFlightRequest
from promptwire.gateway.trace import Trace
from promptwire.gateway.usage import Usage
from promptwire.values.request_key import RequestKeys

__all__ = ["CachedCalls", "Recalled"]


class Recalled(NamedTuple):
    """What the cache holds for one request."""

    asked: RequestKeys | None
    """Its cache keys; None when they were not needed."""
    completions: tuple[Completion, ...] | None
    """The completions of its samples; None when one is missing."""


class CachedCalls:
    """Cached calls of one run: looks them up, counts them and writes them to the trace."""

    def __init__(
        self,
        cache: ResponseCache | None,
        in_flight: Mapping[str, InFlightRequest],
        *,
        usage: Usage,
        trace: Trace,
        policy: CachePolicy,
    ) -> None:
        """Take the requests `in_flight` by cache key; `policy` holds for calls without one of their own."""
        self._cache = cache
        self._in_flight = in_flight
        self._usage = usage
        self._trace = trace
        self._policy: CachePolicy = policy
        self.renewed: set[str] = set()
        """Keys whose completions this run has made new, and may therefore reuse under any policy."""
        self._absent: set[str] = set()
        """Keys without a row when `recall` looked, which `Gateway.ask` then need not look up once more."""

    def find(self, key: str, policy: CachePolicy, *, recalled: bool = False) -> Completion | InFlightRequest | None:
        """The cached completion, or the request in flight for `key`; None when a request is needed.

        With `recalled`, the key comes from `recall`.
        """
        if policy == "off" or self._cache is None:
            return None
        if key in self._in_flight:
            return self._in_flight[key]
        if recalled and key in self._absent:
            return None
        if policy == "refresh" and key not in self.renewed:
            return None
        completion = self._cache.get(key)
        return completion if completion is not None and self._usable(key, completion, policy) else None

    def expect(self, keys: Sequence[str]) -> None:
        """Completions under `keys` are asked for now: they are looked up again from now on."""
        self._absent.difference_update(keys)

    def waits(self, key: str) -> bool:
        """Whether a request for `key` is in flight."""
        return key in self._in_flight

    def recall(
        self,
        backend: Backend,
        requests: Sequence[Request],
        *,
        n: int = 1,
        stream: str = "",
        policy: CachePolicy | None = None,
        node: str = "",
        role: str = "",
    ) -> list[Recalled]:
        """Look up samples 0 to `n - 1` of each of `requests`, and count the requests whose samples are all there.

        `Gateway.ask` gets the others: it also takes what is in flight, and raises the error of a row that can't be read.
        """
        policy = policy or self._policy
        if policy == "off" or self._cache is None:
            return [Recalled(None, None)] * len(requests)
        asked = [request.keys(backend.identity, stream) for request in requests]
        every = [[one.key(sample) for sample in range(n)] for one in asked]
        found = self._found([key for keys in every for key in keys], policy)
        answers = [_all_of(keys, found) for keys in every]
        given = [completion for some in answers for completion in some or ()]
        if given:
            count = self._usage.of(node)
            count.wanted += len(given)
            count.cached += len(given)
            self.give(backend, given, node=node, role=role)
        for one, keys, some in zip(asked, every, answers, strict=True):
            if some is not None:
                self.note(one, keys, node=node)
        return [Recalled(one, some) for one, some in zip(asked, answers, strict=True)]

    def give(self, backend: Backend, completions: Sequence[Completion], *, node: str, role: str) -> None:
        """Count `completions` that the step at `node` is given, new or cached, and the parameters they were made without."""
        if refused := self._usage.add_refused(backend.name, completions):
            self._trace.event("refused", path=node, model=backend.name, parameters=refused)
        self._usage.roles[role] += len(completions)

    def note(
        self, asked: RequestKeys, keys: Sequence[str], *, node: str, first: int = 0, missing: Collection[str] = ()
    ) -> None:
        """Write the calls under `keys`, from sample `first` on, to the trace; those `missing` in the cache are new."""
        parts = asked.parts_text()
        for sample, key in enumerate(keys, first):
            self._trace.call(key, path=node, new=key in missing, sample=sample, parts=parts)

    def _found(self, keys: Sequence[str], policy: CachePolicy) -> dict[str, Completion]:
        """The usable completions under `keys`, by key."""
        if self._cache is None:
            return {}
        free = [key for key in keys if key not in self._in_flight and (policy != "refresh" or key in self.renewed)]
        found = self._cache.find(free)
        self._absent.difference_update(keys)
        self._absent.update([key for key in free if key not in found])
        return {key: one for key, one in found.items() if one is not None and self._usable(key, one, policy)}

    def _usable(self, key: str, completion: Completion, policy: CachePolicy) -> bool:
        """Whether a cached completion serves. One that a content filter blocked in an earlier run is asked for again."""
        return policy == "only" or key in self.renewed or not filtered(completion)


def _all_of(keys: Sequence[str], found: Mapping[str, Completion]) -> tuple[Completion, ...] | None:
    """The completions under `keys`; None when one is missing."""
    if len(keys) == 1:  # nearly every request
        return (found[keys[0]],) if keys[0] in found else None
    return tuple([found[key] for key in keys]) if all(key in found for key in keys) else None
