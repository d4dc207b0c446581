"""Starter folder: a copy of a pipeline, its templates, a task and a README with the next steps.

The folder holds all that a user can change, and it runs at once. Its task is `planted`; with the scripted model `planted` any
shipped pipeline runs on it in seconds, without network or key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptwire.documents import resources
from promptwire.documents.yaml_reader import read_yaml, read_yaml_text
from promptwire.errors import UsageError
from promptwire.graph.nesting import every_step
from promptwire.graph.steps import CallStep, Graph
from promptwire.language.check import load_graph, path_of
from promptwire.language.printing import effective
from promptwire.reference.json_schema import FILE, schema_text
from promptwire.security import package_data
from promptwire.templating.template import load_template

__all__ = ["make_starter"]

TASK = "planted"
_TASK_INPUTS = ("seed", "train", "dev")
"""Pipeline inputs that a task provides."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MODELINE = re.compile(r"^# yaml-language-server:.*\n", re.MULTILINE)

README = """# {name}

Made from promptwire's `{source}`. Change anything here.

    promptwire check {name}.yaml                                            # all its problems, before the first call
    promptwire graph {name}.yaml                                            # its diagram
    promptwire plan  {name}.yaml --task task                                # the most calls of a run
    promptwire run   {name}.yaml --task task --model scripted:planted       # a trial: no key, no network, seconds
    promptwire run   {name}.yaml --task task --model openai/gpt-4o-mini     # a real model

- `{name}.yaml` is the pipeline. `promptwire nodes` lists the node types, `promptwire nodes NAME` describes one.
- `templates/` holds the texts for its models. A template here replaces a shipped one of the same name.
- `task/` is a task to try it on: put your own examples into `train.jsonl` and `test.jsonl`, your prompt into `task.yaml`.
- `{schema}` gives your editor completion and checks. The YAML extension of VS Code finds it by the pipeline's first line.
"""


def make_starter(name: str, source: str) -> tuple[Path, ...]:
    """Make the folder `name` from the pipeline `source`, a file or a shipped name, and return the written files.

    Raises UsageError for an invalid name or an existing folder, and PipelineError for a pipeline with errors.
    """
    folder = Path(name)
    if not _NAME.fullmatch(name):
        hint = "use small letters, digits, - and _, such as my-search"
        raise UsageError(f"{name!r} can't be the name of a pipeline and its folder", hint=hint)
    if folder.exists():
        raise UsageError(f"{name} already exists", hint="choose another name, or remove it")
    path, graph = path_of(source), load_graph(source)
    _require_whole(path.stem, graph)
    texts = dict(_texts(path, graph))
    texts[f"{name}.yaml"] = _with_schema(_named(_text(path), name))
    texts |= dict(_task())
    texts[FILE] = schema_text()
    texts["README.md"] = README.format(name=name, source=path.stem, schema=FILE)
    for file, text in texts.items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return tuple(folder / file for file in sorted(texts))


def _require_whole(name: str, graph: Graph) -> None:
    """Raise UsageError for a pipeline that only works inside others: it can't run on its own."""
    foreign = [name for name in graph.inputs if name not in _TASK_INPUTS and name not in graph.optional]
    if not foreign:
        return
    users = [user for user in resources.pipelines() if f"{name}.yaml" in {Path(use).name for use in _uses(_data(user))}]
    hint = f"copy a pipeline that uses it: --from {min(users, key=len)}" if users else f"a task has {', '.join(_TASK_INPUTS)}"
    raise UsageError(f"{name!r} is a part of other pipelines: no task provides its input {foreign[0]!r}", hint=hint)


def _data(pipeline: str) -> Any:
    path = str(resources.pipeline_path(pipeline))
    return read_yaml_text(effective(path), path).data


def _text(path: Path) -> str:
    """Text of the pipeline. A variant has its base applied, since the base is not copied."""
    data = read_yaml(path).data
    return effective(str(path)) if "extends" in data else path.read_text(encoding="utf-8-sig")


def _with_schema(text: str, depth: int = 0) -> str:
    """Add the line that names the schema for editors, `depth` folders further up."""
    return f"# yaml-language-server: $schema={'../' * depth}{FILE}\n{_MODELINE.sub('', text)}"


def _named(text: str, name: str) -> str:
    line = f"name: {name}"
    if re.search(r"^name:", text, re.MULTILINE):
        return re.sub(r"^name:.*$", line, text, count=1, flags=re.MULTILINE)
    return re.sub(r"^(promptwire:.*)$", rf"\1\n{line}", text, count=1, flags=re.MULTILINE)


def _texts(path: Path, graph: Graph) -> Iterator[tuple[str, str]]:
    """Templates and inner pipelines, with their paths in the new folder."""
    roots = (path.parent / "templates", path.parent, Path.cwd() / "templates", package_data.package_folder("templates"))
    for template in sorted(_templates(graph)):
        within = next((root for root in roots if template.is_relative_to(root.absolute())), template.parent)
        yield f"templates/{template.relative_to(within.absolute()).as_posix()}", template.read_text(encoding="utf-8-sig")
    for inner in sorted(_inner(path, set())):
        target = inner.relative_to(path.parent)
        yield target.as_posix(), _with_schema(_text(inner), len(target.parts) - 1)


def _templates(graph: Graph) -> set[Path]:
    """Template files of all steps, with the fallback templates for models that can't fill gaps."""
    found: set[Path] = set()
    for step in (step for step in every_step(graph) if isinstance(step, CallStep)):
        for template in map(Path, step.templates):
            fallback = load_template(template, named=step.type.named).fallback()
            found |= {template, Path(fallback.path)} if fallback else {template}
    return found


def _inner(path: Path, seen: set[Path]) -> set[Path]:
    """Pipeline files next to `path` that it uses, directly or indirectly."""
    for use in _uses(read_yaml_text(effective(str(path)), str(path)).data):
        inner = path.parent / use
        if use.endswith((".yaml", ".yml")) and inner.is_file() and inner not in seen:
            seen.add(inner)
            _inner(inner, seen)
    return seen


def _uses(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for node in data.get("nodes", {}).values():
            if isinstance(node.get("use"), str):
                yield node["use"]
            yield from _uses(node)


def _task() -> Iterator[tuple[str, str]]:
    """Files of the starter's task."""
    file = resources.task_path(TASK)
    text = file.read_text(encoding="utf-8").replace(f"{TASK}/", "")
    yield "task/task.yaml", text
    for data in sorted((file.parent / TASK).glob("*.jsonl")):
        yield f"task/{data.name}", data.read_text(encoding="utf-8")
