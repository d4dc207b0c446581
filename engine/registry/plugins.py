"""Plug-ins: nodes and metrics from installed packages and from files that the user names.

A package declares `acme = "acme_prompts"` in the entry point group `promptwire.plugins`. Everything in that module and its
direct submodules that is decorated with `@node` or `@metric` is available as `acme:NAME`. A file `acme.py` that the user names
works the same way. There is no list to maintain, and the colon separates plug-ins from built-ins. A pipeline or a folder can't
name code to run: only installed packages and files from the command line are imported, and only on use.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeVar

from promptwire.errors import UsageError, suggest

__all__ = [
    "GROUP",
    "load_plugin",
    "loaded_plugin",
    "plugin_files",
    "plugin_members",
    "plugin_names",
    "plugin_version",
    "unknown_name_hint",
]

GROUP = "promptwire.plugins"
"""Entry point group for packages with nodes or metrics."""

_NAME = re.compile(r"[a-z][a-z0-9-]*")


class Named(Protocol):
    """A node type or metric of a plug-in."""

    @property
    def name(self) -> str:
        """Its name, without the plug-in's."""


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class _File:
    """A loaded plug-in file."""

    path: Path
    module: ModuleType


_FILES: dict[str, _File] = {}
"""Files that `load_plugin` loaded in this process, by plug-in name."""


def load_plugin(path: str | Path) -> str:
    """Load the user's Python file `path` as a plug-in, and return the plug-in's name.

    `my_ideas.py` becomes `my-ideas`: its node `judge` is `my-ideas:judge`. A file that is already loaded is not run again.
    Raises UsageError when the file does not exist, fails, or has the name of another plug-in.
    """
    try:
        file = Path(path).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"{str(path)[:200]!r} is not a valid path: {error}", hint="give the path of a Python file") from error
    name = file.stem.replace("_", "-").lower()
    if file.suffix != ".py" or not _NAME.fullmatch(name):
        raise UsageError(f"{path} can't be a plug-in", hint="use a Python file with a plain name, such as my_nodes.py")
    if name in _FILES and _FILES[name].path == file:
        return name
    others = [str(_FILES[name].path)] if name in _FILES else [_origin(point) for point in _installed(name)]
    if others:
        raise UsageError(f"{path} and {' and '.join(others)} are both plug-ins called {name!r}", hint="rename the file")
    _FILES[name] = _File(file, _run(file, f"promptwire_plugin_{file.stem}"))
    return name


@contextmanager
def loaded_plugin(path: Path) -> Iterator[None]:
    """Load `path` as `load_plugin` does, and forget it after the block: for a copy that is gone then. Raises UsageError."""
    before = dict(_FILES)
    try:
        load_plugin(path)
        yield
    finally:
        _FILES.clear()
        _FILES.update(before)


def plugin_files() -> tuple[Path, ...]:
    """Files that `load_plugin` loaded in this process, in that order."""
    return tuple(file.path for file in _FILES.values())


def plugin_names() -> tuple[str, ...]:
    """Names of all plug-ins, sorted. Imports nothing."""
    return tuple(sorted({*_FILES, *(point.name for point in entry_points(group=GROUP))}))


def plugin_version(plugin: str) -> tuple[str, str]:
    """Name and version of the package that brings `plugin`, and the hash of its file; each empty where there is none.

    Raises UsageError when the file can't be read.
    """
    if plugin not in _FILES:
        return ", ".join(sorted(f"{point.dist.name} {point.dist.version}" for point in _installed(plugin) if point.dist)), ""
    path = _FILES[plugin].path
    try:
        return "", hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"can't be read: {error.strerror}", where=str(path)) from error


def plugin_members(plugin: str, kind: type[T], home: Callable[[T], str]) -> dict[str, T]:
    """Find all objects of the class `kind` in `plugin`, by name. Empty for an unknown plug-in.

    `home` returns the module that defines an object; objects imported from other modules are left out. Raises UsageError when
    two packages are called `plugin`, when an import fails, and when two objects have the same name.
    """
    found: dict[str, T] = {}
    for module in _modules(plugin):
        _check_duplicates(plugin, module)
        for value in vars(module).values():
            if not isinstance(value, kind) or home(value) != module.__name__ or found.get(value.name) is value:
                continue
            if value.name in found:
                both = f"{home(found[value.name])} and {module.__name__}"
                raise UsageError(
                    f"the plug-in {plugin!r} has two nodes or metrics called {value.name!r}: {both}", hint="rename one of them"
                )
            found[value.name] = value
    return found


def unknown_name_hint(name: str, known: dict[str, T], noun: str) -> str:
    """Hint for an unknown name such as `acme:judge`."""
    plugin = name.partition(":")[0]
    if plugin not in plugin_names():
        return f"install the package that provides {plugin!r}, or name its file: --plugins {plugin.replace('-', '_')}.py"
    if not known:
        return f"the plug-in {plugin!r} has no {noun}"
    return suggest(name, [f"{plugin}:{each}" for each in known], noun=f"{noun} of {plugin}")


def _modules(plugin: str) -> Iterator[ModuleType]:
    if plugin in _FILES:
        yield _FILES[plugin].module
        return
    points = _installed(plugin)
    if len(points) > 1:
        sources = " and ".join(sorted(map(_origin, points)))
        raise UsageError(f"the plug-in {plugin!r} is given by {sources}", hint="uninstall one of them")
    for point in points:
        module = _import(point, point.value)
        yield module
        for inner in pkgutil.iter_modules(getattr(module, "__path__", ())):
            if not inner.name.startswith("_"):
                yield _import(point, f"{module.__name__}.{inner.name}")


def _check_duplicates(plugin: str, module: ModuleType) -> None:
    """Check the source for two nodes or metrics with one name. On import, the second replaces the first."""
    file = Path(module.__file__ or "")
    try:
        source = file.read_bytes() if file.suffix == ".py" else b""
    except OSError:  # a module in an archive has a name and no file
        return
    lines: dict[str, int] = {}
    for part in ast.parse(source).body:
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) or not any(map(_declares, part.decorator_list)):
            continue
        if part.name in lines:
            problem = f"the plug-in {plugin!r} has two nodes or metrics called {part.name.replace('_', '-')!r}"
            raise UsageError(f"{problem}: {file}:{lines[part.name]} and {part.lineno}", hint="rename one of them")
        lines[part.name] = part.lineno


def _declares(decorator: ast.expr) -> bool:
    """Whether a decorator is `@node(...)` or `@metric(...)`."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in ("node", "metric")


def _installed(plugin: str) -> list[EntryPoint]:
    """Entry points called `plugin`. A package found twice on the path lists its own twice; that is not a conflict."""
    return list({point.value: point for point in entry_points(group=GROUP) if point.name == plugin}.values())


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name if point.dist else '?'} ({point.value})"


def _import(point: EntryPoint, module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except Exception as cause:  # a plug-in's code can raise anything
        problem = f"the plug-in {point.name!r} can't be loaded: {type(cause).__name__}: {cause}"
        raise UsageError(problem, hint=f"it is {_origin(point)}") from cause


def _run(file: Path, name: str) -> ModuleType:
    """Load the file as a module with a unique name. It is in `sys.modules` first, because pydantic looks it up there."""
    if not os.path.isfile(file):
        raise UsageError("there is no such file", where=str(file))
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module
    try:
        SourceFileLoader(name, str(file)).exec_module(module)
    except Exception as cause:  # the user's code can raise anything
        del sys.modules[name]
        words = cause.msg if isinstance(cause, SyntaxError) else str(cause)
        raise UsageError(f"the file can't be loaded: {type(cause).__name__}: {words}", where=_where(file, cause)) from cause
    return module


def _where(file: Path, cause: Exception) -> str:
    """The file, and the line of the error when it is known."""
    if isinstance(cause, SyntaxError) and cause.filename == str(file):
        return f"{file}:{cause.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(cause.__traceback__) if frame.filename == str(file)]
    return f"{file}:{lines[-1]}" if lines else str(file)
