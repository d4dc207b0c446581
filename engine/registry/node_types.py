"""Registry of node types: built-ins by file name, others by plug-in.

There is no list to maintain. A node type is imported when it is looked up, and built-ins are listed without import. So checking
a pipeline imports only the nodes that it uses. Node `judge` of the plug-in `acme` is `acme:judge` in YAML; see
`registry/plugins.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import promptwire.nodes
from promptwire.errors import UsageError, suggest
from promptwire.node import NodeType
from promptwire.registry.former_names import NODE_TYPES
from promptwire.registry.plugins import plugin_members, plugin_names, unknown_name_hint

__all__ = ["Registry"]


class Registry(Mapping[str, NodeType]):
    """The installed node types by their name in YAML. A former name is accepted, but not listed."""

    def __init__(self) -> None:
        self._loaded: dict[str, NodeType] = {}
        self._plugins: dict[str, dict[str, NodeType]] = {}

    def __getitem__(self, name: str) -> NodeType:
        """The node type called `name`. Raises KeyError for an unknown one, UsageError for a clash or a broken plug-in."""
        if ":" in name:
            plugin, _, own = name.partition(":")
            return self._plugin(plugin)[own]
        name = NODE_TYPES.get(name, name)
        if name not in self._loaded:
            self._loaded[name] = self._built_in(name)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or ":" not in name:
            return NODE_TYPES.get(str(name), name) in self._files
        plugin, _, own = name.partition(":")
        return own in self._plugin(plugin)

    def __iter__(self) -> Iterator[str]:
        """All names, built-ins first. Imports the plug-ins, because their node types are known only then."""
        yield from sorted(self._files)
        for plugin in plugin_names():
            yield from (f"{plugin}:{own}" for own in sorted(self._plugin(plugin)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def find(self, name: str) -> NodeType:
        """The node type called `name`. Raises UsageError with the nearest name."""
        if name in self:
            return self[name]
        raise UsageError(f"there is no node type {name!r}", hint=self.nearest(name))

    def nearest(self, name: str) -> str:
        """Hint for an unknown name."""
        if ":" in name:
            return unknown_name_hint(name, self._plugin(name.partition(":")[0]), "node types")
        # Plug-ins are left out: a typo must not end in the error of a broken plug-in.
        return suggest(name, self._files, noun="node types")

    @cached_property
    def _files(self) -> dict[str, str]:
        found = pkgutil.iter_modules(promptwire.nodes.__path__)
        return {module.name.replace("_", "-"): module.name for module in found if not module.name.startswith("_")}

    def _built_in(self, name: str) -> NodeType:
        module = importlib.import_module(f"{promptwire.nodes.__name__}.{self._files[name]}")
        for value in vars(module).values():
            if isinstance(value, NodeType) and value.name == name:
                return value
        raise TypeError(f"{module.__name__} holds no node type called {name!r}: file, function and node must share a name")

    def _plugin(self, plugin: str) -> dict[str, NodeType]:
        """Node types of a plug-in, renamed to their full names for messages."""
        if plugin not in self._plugins:
            own = plugin_members(plugin, NodeType, lambda kind: kind.run.__module__)
            self._plugins[plugin] = {name: replace(kind, name=f"{plugin}:{name}") for name, kind in own.items()}
        return self._plugins[plugin]
