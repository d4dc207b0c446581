"""Name to node type, without lists to keep: built-ins by file name, plugins by entry point.

A mapping that loads what is asked for and lists the rest by name alone, so that checking a pipeline imports the nodes it uses
and no other. An entry point `acme.judge` of the group `promptwire.nodes` is `acme:judge` in YAML: the colon keeps plugins
and built-ins apart, and two plugins of one name are an error, never a silent choice.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points

import promptwire.nodes
from promptwire.errors import UsageError, suggest
from promptwire.node import NodeType

__all__ = ["GROUP", "Registry"]

GROUP = "promptwire.nodes"


class Registry(Mapping[str, NodeType]):
    """The node types that are installed, by their name in YAML."""

    def __init__(self) -> None:
        self._loaded: dict[str, NodeType] = {}

    def __getitem__(self, name: str) -> NodeType:
        """The node type called `name`. Raises KeyError for an unknown one, UsageError for a clash or a broken plugin."""
        if name not in self._loaded:
            self._loaded[name] = self._plugin(name) if ":" in name else self._built_in(name)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files or (isinstance(name, str) and ":" in name and name in self._plugins)

    def __iter__(self) -> Iterator[str]:
        """Every name, built-ins first; imports nothing."""
        yield from sorted(self._files)
        yield from sorted(self._plugins)

    def __len__(self) -> int:
        return len(self._files) + len(self._plugins)

    def find(self, name: str) -> NodeType:
        """The node type called `name`. Raises UsageError with the nearest name."""
        if name in self:
            return self[name]
        raise UsageError(f"there is no node type {name!r}", hint=suggest(name, self, noun="node types"))

    @cached_property
    def _files(self) -> dict[str, str]:
        found = pkgutil.iter_modules(promptwire.nodes.__path__)
        return {module.name.replace("_", "-"): module.name for module in found if not module.name.startswith("_")}

    @cached_property
    def _plugins(self) -> dict[str, list[EntryPoint]]:
        found: dict[str, list[EntryPoint]] = {}
        for entry in entry_points(group=GROUP):
            same = found.setdefault(entry.name.replace(".", ":", 1), [])
            # A package found twice on sys.path lists its entry points twice; that is one plugin, not a clash.
            if all(entry.value != other.value for other in same):
                same.append(entry)
        return found

    def _built_in(self, name: str) -> NodeType:
        module = importlib.import_module(f"{promptwire.nodes.__name__}.{self._files[name]}")
        for value in vars(module).values():
            if isinstance(value, NodeType) and value.name == name:
                return value
        raise TypeError(f"{module.__name__} holds no node type called {name!r}: file, function and node have one name")

    def _plugin(self, name: str) -> NodeType:
        entries = self._plugins[name]
        if len(entries) > 1:
            sources = " and ".join(sorted(f"{entry.dist.name if entry.dist else '?'} ({entry.value})" for entry in entries))
            raise UsageError(f"the node type {name!r} is given by {sources}", hint="uninstall one of them")
        try:
            found = entries[0].load()
        except Exception as cause:
            problem = f"the plugin {name!r} can't be loaded: {type(cause).__name__}: {cause}"
            raise UsageError(problem, hint=f"it is {entries[0].value}") from cause
        if not isinstance(found, NodeType):
            raise UsageError(
                f"the plugin {name!r} ({entries[0].value}) is no node type", hint="decorate its function with @node(...)"
            )
        return found
