"""Checks that the workers of a scheduler can run the cells of a sweep, before anything is spent."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Final, get_args

from promptwire.errors import ClusterError
from promptwire.local_settings import is_local
from promptwire.node import Role
from promptwire.registry.plugins import GROUP
from promptwire.security.secrets import hide_credentials
from promptwire.sweeps.dask_cluster import Connection
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.parcel import Parcel

__all__ = ["check_resources", "check_slots", "check_workers", "worker_facts"]

_EXTRAS: Final = {"xllamacpp", "redis"}
"""Packages of extras that workers need, in whatever version."""
_NAMED: Final = 3
"""Most workers that an error names."""


def check_workers(connection: Connection, cells: Sequence[Cell], parcels: Sequence[Parcel]) -> None:
    """Compare versions of promptwire, Python, Dask and what the cells need, then the shared cache. Raises ClusterError."""
    needed = dict(_needed(cells, parcels))
    told = connection.versions(["promptwire", *needed])
    client, scheduler = told.pop("client"), told.pop("scheduler")
    _same(connection, "distributed", client, {"the scheduler": scheduler})
    for name in ("promptwire", "Python", "distributed", *(name for name in needed if name not in _EXTRAS)):
        _same(connection, name, client, told, why=needed.get(name, ""))
    for name in _EXTRAS & needed.keys():
        if lacking := [place for place, packages in told.items() if not packages.get(name)]:
            raise ClusterError(f"{_workers(lacking)} lacks {name}", where=connection.shown, hint=f"it is needed {needed[name]}")
    _check_cache(connection, cells, connection.on_workers(worker_facts))


def check_slots(connection: Connection) -> None:
    """Raise ClusterError unless there is a worker."""
    if not connection.slots():
        hint = "start workers: dask worker ADDRESS; an adaptive cluster needs a minimum of one"
        raise ClusterError("the scheduler has no workers", where=connection.shown, hint=hint)


def check_resources(connection: Connection, cells: Sequence[Cell]) -> None:
    """Raise ClusterError unless a worker offers what each cell takes. Workers that were started for the cells are made to."""
    taken = {tuple(sorted(cell.resources.items())): dict(cell.resources) for cell in cells if cell.resources}
    if connection.cluster is not None:
        for resources in taken.values():
            connection.give_resources(resources)
        return
    offered = [told["resources"] for told in connection.on_workers(worker_facts).values()] if taken else []
    for resources in taken.values():
        if not any(all(one.get(name, 0) >= count for name, count in resources.items()) for one in offered):
            named = ", ".join(f"{name}={count:g}" for name, count in resources.items())
            hint = f'start workers that do: dask worker ADDRESS --resources "{named}"'
            raise ClusterError(f"no worker offers the resources {named}", where=connection.shown, hint=hint)


def worker_facts(dask_worker: Any) -> dict[str, Any]:
    """What a worker offers, without secrets. Dask calls it on the worker."""
    offered = dict(dask_worker.state.total_resources)
    return {"resources": offered, "cache": hide_credentials(os.environ.get("PROMPTWIRE_CACHE_URL", ""))}


def _needed(cells: Sequence[Cell], parcels: Sequence[Parcel]) -> Iterator[tuple[str, str]]:
    """Packages that the workers need beside promptwire, and what for."""
    if any(is_local(cell.options.model(role)[0]) for cell in cells for role in get_args(Role)):
        yield "xllamacpp", "for local models: pip install 'promptwire[local]'"
    if _shared(cells):
        yield "redis", "for the shared cache: pip install 'promptwire[redis]'"
    texts = [text for parcel in parcels for text in (*parcel.files.values(), str(dict(parcel.options.task)))]
    for point in entry_points(group=GROUP):
        if point.dist is not None and any(f"{point.name}:" in text for text in texts):
            yield point.dist.name, f"for the plug-in {point.name!r}"


def _shared(cells: Sequence[Cell]) -> str:
    """Address of the shared cache, without its password; empty when there is none."""
    return hide_credentials(next((url for cell in cells if (url := cell.options.shared_cache)), ""))


def _same(
    connection: Connection,
    package: str,
    client: Mapping[str, str | None],
    others: Mapping[str, Mapping[str, str | None]],
    *,
    why: str = "",
) -> None:
    wanted = client.get(package)
    wrong = {place: found for place, told in others.items() if (found := told.get(package)) != wanted}
    if not wrong:
        return
    place, found = next(iter(wrong.items()))
    whose = place if place == "the scheduler" else _workers(list(wrong))
    has = f"has {package} {found}" if found else f"lacks {package}"
    hint = f"install {package} {wanted} there{f', {why}' if why else ''}" if wanted else f"install {package} here too"
    raise ClusterError(f"{whose} {has}, and here is {wanted or 'none'}", where=connection.shown, hint=hint)


def _workers(places: Sequence[str]) -> str:
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return f"the worker {', '.join(places[:_NAMED])}{more}"


def _check_cache(connection: Connection, cells: Sequence[Cell], facts: Mapping[str, Mapping[str, Any]]) -> None:
    """With a shared cache here, every worker needs it too: it holds the common budget."""
    lacking = [place for place, told in facts.items() if not told["cache"]]
    if _shared(cells) and lacking:
        hint = "set PROMPTWIRE_CACHE_URL in the environment of each worker; it is not sent, since it may hold a password"
        raise ClusterError(f"{_workers(lacking)} has no shared cache", where=connection.shown, hint=hint)
