"""promptwire: automatic prompt optimization as graphs you can read.

    import promptwire
    report = promptwire.run("ape", "plural", promptwire.Options(models={"task": "openai/gpt-4o-mini"}))
    print(report.prompt, report.test.best.score)

`promptwire.authoring` is for your own nodes and metrics. `promptwire.errors` holds all errors that promptwire raises.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptwire.api import plan, run, run_async
    from promptwire.comparing.compare import compare, compare_async, compare_runs
    from promptwire.comparing.sweep import sweep, sweep_async
    from promptwire.comparing.table import ComparisonTable
    from promptwire.errors import PromptwireError
    from promptwire.exporting.export import export
    from promptwire.language.check import check
    from promptwire.networks.public import to_networkx
    from promptwire.options import Options
    from promptwire.registry.plugins import load_plugin
    from promptwire.results.frames import to_frame, to_records
    from promptwire.results.report import Report
    from promptwire.results.run import Run
    from promptwire.sinks.otel import OtelSink
    from promptwire.sinks.sink import Sink
    from promptwire.tasks.given_task import make_task
    from promptwire.tasks.task import Task, load_task

__all__ = [
    "ComparisonTable",
    "Options",
    "OtelSink",
    "PromptwireError",
    "Report",
    "Run",
    "Sink",
    "Task",
    "__version__",
    "check",
    "compare",
    "compare_async",
    "compare_runs",
    "export",
    "load_plugin",
    "load_task",
    "make_task",
    "plan",
    "run",
    "run_async",
    "sweep",
    "sweep_async",
    "to_frame",
    "to_networkx",
    "to_records",
]

_HOMES = {
    "ComparisonTable": "comparing.table",
    "Options": "options",
    "OtelSink": "sinks.otel",
    "PromptwireError": "errors",
    "Report": "results.report",
    "Run": "results.run",
    "Sink": "sinks.sink",
    "Task": "tasks.task",
    "check": "language.check",
    "compare": "comparing.compare",
    "compare_async": "comparing.compare",
    "compare_runs": "comparing.compare",
    "export": "exporting.export",
    "load_plugin": "registry.plugins",
    "load_task": "tasks.task",
    "make_task": "tasks.given_task",
    "plan": "api",
    "run": "api",
    "run_async": "api",
    "sweep": "comparing.sweep",
    "sweep_async": "comparing.sweep",
    "to_frame": "results.frames",
    "to_networkx": "networks.public",
    "to_records": "results.frames",
}
"""The module of each public name."""


def __dir__() -> list[str]:
    """The public names, also before their first use, and what Python itself puts into a module."""
    own = {name for name in globals() if name.startswith("__")}
    return sorted({*own, "authoring", "errors", *__all__})


def __getattr__(name: str) -> Any:
    """Import a public name at first use, so that `promptwire --help` imports none of them."""
    if name == "__version__":
        return import_module("importlib.metadata").version("promptwire")
    if name in _HOMES:
        return getattr(import_module(f"promptwire.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'promptwire' has no attribute {name!r}")
