"""Asserts in Python as a plug-in beside the task file, which runs them as promptfoo does.

Nothing is run here. The code goes into files of the task's folder, and a run takes it only with `--plugins`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from promptwire.tasks.promptfoo.asserts import Assert, AssertSet
from promptwire.tasks.promptfoo.cases import TestCase
from promptwire.tasks.promptfoo.scored import Scored
from promptwire.tasks.promptfoo.source import FILE, Folder, refuse

__all__ = ["PLUGIN", "plugin_metric"]

_NAME: Final = "promptfoo"
PLUGIN: Final = f"{_NAME}.py"
"""Name of the file of the plug-in."""
_SOURCE: Final = '''\
"""Asserts in Python of an imported promptfooconfig.yaml, as a metric: each example names its check and its variables."""

import importlib.util
import json
from pathlib import Path

from promptwire.authoring import metric

CHECKS = {checks}


def _file(name):
    spec = importlib.util.spec_from_file_location(Path(name).stem, Path(__file__).with_name(name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _inline(code):
    body = code if "\\n" in code else "return " + code
    space = {{}}
    exec("def check(output, context):\\n" + "".join(f"    {{line}}\\n" for line in body.splitlines()), space)
    return space["check"]


_FUNCTIONS = [
    getattr(_file(one["file"]), one["function"]) if "file" in one else _inline(one["code"]) for one in CHECKS
]


@metric()
def passes(answer, outputs):
    """Whether the check of the example passes."""
    given = json.loads(outputs[0])
    context = {{"vars": given["vars"], "test": {{"vars": given["vars"]}}, "config": given["config"]}}
    found = _FUNCTIONS[given["check"]](answer, context)
    least = given["threshold"]
    if isinstance(found, dict):
        score = found.get("score", 0)
        passed = bool(found.get("pass", found.get("pass_", False))) and (least is None or score >= least)
    elif isinstance(found, bool):
        passed = found
    else:
        passed = found > 0 if least is None else found >= least
    return float(passed is not given["negated"])
'''


def plugin_metric(tests: Sequence[tuple[TestCase, AssertSet]], folder: Folder, note: Callable[[str], None]) -> Scored:
    """The scoring of tests with one assert in Python each, and the files of its plug-in."""
    checks: list[dict[str, str]] = []
    files: dict[str, str] = {}
    outputs = []
    for case, asserts in tests:
        one, *more = asserts.flat()
        if more:
            refuse(more[0].where, "several asserts in Python of one test have no counterpart", "write them as one function")
        check = _check(one, folder, files)
        if check not in checks:
            checks.append(check)
        given = {"check": checks.index(check), "vars": dict(case.values), "config": one.config}
        outputs.append((json.dumps({**given, "threshold": one.threshold, "negated": one.negated}, ensure_ascii=False),))
    files[PLUGIN] = _SOURCE.format(checks=_literal(checks))
    note(f"asserts in Python: run with --plugins {PLUGIN}, after reading it; accepted outputs name the check")
    return Scored(f"{_NAME}:passes", tuple(outputs), files=files)


def _literal(checks: Sequence[Mapping[str, Any]]) -> str:
    lines = "".join(f"    {one!r},\n" for one in checks)
    return f"[\n{lines}]"


def _check(one: Assert, folder: Folder, files: dict[str, str]) -> dict[str, str]:
    """What a check is; the file that it names is added to `files`."""
    text = str(one.value).removeprefix(FILE)
    name, _, function = text.partition(":")
    if not (str(one.value).startswith(FILE) or (name.endswith(".py") and "\n" not in text)):
        return {"code": text}
    path: Path = folder.program(name, one.source)
    if files.setdefault(path.name, source := folder.text(path, one.source)) != source or path.stem == _NAME:
        refuse(one.where, f"two files are called {path.name!r}", "rename one of them")
    return {"file": path.name, "function": function or "get_assert"}
