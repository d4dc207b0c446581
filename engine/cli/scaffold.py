"""A folder to begin in: a copy of a pipeline, the templates that it uses, a task to try it on, and what to do next.

Everything that can be changed stands in the folder, and it runs at once: the task is `planted`, on which the scripted model
of that name rehearses any shipped pipeline in seconds, without a network or a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptwire.documents import resources
from promptwire.documents.yaml_reader import read_yaml, read_yaml_text
from promptwire.errors import UsageError
from promptwire.graph.steps import CallStep, EachStep, Graph, PipeStep, RepeatStep
from promptwire.language.check import load_graph, path_of
from promptwire.language.printing import effective
from promptwire.reference.json_schema import FILE, schema_text
from promptwire.security import package_data
from promptwire.templating.template import load_template

__all__ = ["make_starter"]

TASK = "planted"
_GIVEN = ("seed", "train", "dev")
"""Inputs that a task gives."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MODELINE = re.compile(r"^# yaml-language-server:.*\n", re.MULTILINE)

README = """# {name}

Made from promptwire's `{source}`. Everything here is yours to change.

    promptwire check {name}.yaml                                            # what is wrong with it, before it costs
    promptwire graph {name}.yaml                                            # its picture
    promptwire plan  {name}.yaml --task task                                # what a run asks at most
    promptwire run   {name}.yaml --task task --model scripted:planted       # a rehearsal: no key, no network, seconds
    promptwire run   {name}.yaml --task task --model openai/gpt-4o-mini     # the real thing

- `{name}.yaml` is the pipeline. `promptwire nodes` lists what it can be made of, `promptwire nodes NAME` tells all about one.
- `templates/` holds what its models are asked. A template here goes before a shipped one of the same name.
- `task/` is a task to try it on: put your own examples into `train.jsonl` and `test.jsonl`, your prompt into `task.yaml`.
- `{schema}` tells your editor what may stand where (with the YAML extension of VS Code, by the first line of the pipeline).
"""


def make_starter(name: str, source: str) -> tuple[Path, ...]:
    """Make the folder `name` from the pipeline `source`, a file or a shipped one; gives the files that were written.

    Raises UsageError for a name that is no name or a folder that is there already, PipelineError for a pipeline with errors.
    """
    folder = Path(name)
    if not _NAME.fullmatch(name):
        hint = "small letters, digits, - and _, such as my-search"
        raise UsageError(f"{name!r} is no name for a pipeline and its folder", hint=hint)
    if folder.exists():
        raise UsageError(f"there is already a {name}", hint="choose another name, or remove it")
    path, graph = path_of(source), load_graph(source)
    _refuse_part(path.stem, graph)
    texts = dict(_texts(path, graph))
    texts[f"{name}.yaml"] = _for_editors(_named(_text(path), name))
    texts |= dict(_task())
    texts[FILE] = schema_text()
    texts["README.md"] = README.format(name=name, source=path.stem, schema=FILE)
    for file, text in texts.items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return tuple(folder / file for file in sorted(texts))


def _refuse_part(name: str, graph: Graph) -> None:
    """Raise UsageError for a pipeline that only works inside of others: in a folder of its own it could not be run."""
    foreign = [each for each in graph.inputs if each not in _GIVEN and each not in graph.optional]
    if not foreign:
        return
    users = [one for one in resources.pipelines() if f"{name}.yaml" in {Path(use).name for use in _uses(_data(one))}]
    hint = f"begin with one that uses it: --from {min(users, key=len)}" if users else f"a task gives {', '.join(_GIVEN)}"
    raise UsageError(f"{name!r} is a part of other pipelines: no task gives its input {foreign[0]!r}", hint=hint)


def _data(pipeline: str) -> Any:
    return read_yaml(resources.pipeline_path(pipeline)).data


def _text(path: Path) -> str:
    """The pipeline as its author wrote it; a variant with its base worked in, for the base stays behind."""
    data = read_yaml(path).data
    return effective(str(path)) if "extends" in data else path.read_text(encoding="utf-8-sig")


def _for_editors(text: str, depth: int = 0) -> str:
    """The pipeline with the line that leads an editor to the schema, `depth` folders further up."""
    return f"# yaml-language-server: $schema={'../' * depth}{FILE}\n{_MODELINE.sub('', text)}"


def _named(text: str, name: str) -> str:
    line = f"name: {name}"
    if re.search(r"^name:", text, re.MULTILINE):
        return re.sub(r"^name:.*$", line, text, count=1, flags=re.MULTILINE)
    return re.sub(r"^(promptwire:.*)$", rf"\1\n{line}", text, count=1, flags=re.MULTILINE)


def _texts(path: Path, graph: Graph) -> Iterator[tuple[str, str]]:
    """The templates and inner pipelines of a pipeline, by their place in the new folder."""
    roots = (path.parent / "templates", path.parent, Path.cwd() / "templates", package_data.package_folder("templates"))
    for template in sorted(_templates(graph)):
        within = next((root for root in roots if template.is_relative_to(root.absolute())), template.parent)
        yield f"templates/{template.relative_to(within.absolute()).as_posix()}", template.read_text(encoding="utf-8-sig")
    for inner in sorted(_inner(path, set())):
        place = inner.relative_to(path.parent)
        yield place.as_posix(), _for_editors(_text(inner), len(place.parts) - 1)


def _templates(graph: Graph) -> set[Path]:
    """The template files of all steps, and those in their place for models that can't fill gaps."""
    found: set[Path] = set()
    for step in graph.steps.values():
        if isinstance(step, CallStep) and step.asking and step.asking.template:
            template = Path(step.asking.template)
            fallback = load_template(template).fallback()
            found |= {template, Path(fallback.path)} if fallback else {template}
        elif isinstance(step, RepeatStep | EachStep):
            found |= _templates(step.body)
        elif isinstance(step, PipeStep):
            found |= _templates(step.graph)
    return found


def _inner(path: Path, seen: set[Path]) -> set[Path]:
    """The pipeline files beside `path` that it uses, and those that they use."""
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
    """The task to try it on."""
    file = resources.task_path(TASK)
    text = file.read_text(encoding="utf-8").replace(f"{TASK}/", "")
    yield "task/task.yaml", text
    for data in sorted((file.parent / TASK).glob("*.jsonl")):
        yield f"task/{data.name}", data.read_text(encoding="utf-8")
