"""What identifies the metric of a plug-in: its source, and the version of the package that brings it."""

from __future__ import annotations

from promptwire.errors import UsageError
from promptwire.metrics.function_metric import source_texts
from promptwire.metrics.metric import find_metric
from promptwire.registry.plugins import plugin_version
from promptwire.values.hashing import digest

__all__ = ["plugin_mark"]


def plugin_mark(name: str) -> str:
    """A text that changes when the plug-in's metric called `name`, such as `acme:brevity`, changes; empty for a built-in one.

    It covers the metric's source, as for a function given in Python, and the version of the package that brings it, since its
    function may call others of that package. Where the source has no stable text, it covers a plug-in file as a whole. Raises
    UsageError when there is no such metric.
    """
    plugin, colon, _ = name.partition(":")
    if not colon:
        return ""
    found = find_metric(name)
    package, file = plugin_version(plugin)
    try:
        source = source_texts(found.value)
    except UsageError:
        source = [file]
    return digest([source, package, found.scale, found.perfect])
