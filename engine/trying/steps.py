"""Finds the step whose request is tried: by its path, or by the template that it uses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from promptwire.documents import resources
from promptwire.errors import UsageError, suggest
from promptwire.graph.nesting import every_step
from promptwire.graph.steps import CallStep, Graph
from promptwire.language.check import check

__all__ = ["calling_step", "steps_with_requests", "template_file", "user_of"]


def calling_step(graph: Graph, path: str) -> CallStep:
    """The step at `path`, which has a request. Raises UsageError with the steps that have one."""
    every = {step.path: step for step in every_step(graph)}
    asks = {path: step for path, step in every.items() if isinstance(step, CallStep) and has_request(step)}
    found = asks.get(path)
    if found is not None:
        return found
    if path not in every:
        raise UsageError(f"{graph.name} has no step {path!r}", hint=suggest(path, asks, noun="steps with a request"))
    inside = [one for one in asks if one.startswith(f"{path}.")]
    names = ", ".join(inside or asks) or "none"
    raise UsageError(f"the step {path!r} renders no template", hint=f"steps with a request: {names}")


def steps_with_requests(graph: Graph) -> tuple[str, ...]:
    """Paths of the steps that have a request."""
    return tuple(step.path for step in every_step(graph) if isinstance(step, CallStep) and has_request(step))


def has_request(step: CallStep) -> bool:
    """Whether the step renders a template, for a model or as its result."""
    return (step.asking is not None or step.rendering is not None) and not step.only_reads


def template_file(name: str) -> Path | None:
    """The template `name`: a file, one in `templates/` here, or a shipped one. None for a name of another kind."""
    for path in (Path(name), Path("templates") / name):
        if path.suffix == ".j2" and path.is_file():
            return path
    if not name.endswith(".j2"):
        return None
    return resources.template_path(name)


def user_of(template: Path) -> tuple[Graph, CallStep] | None:
    """A pipeline and its step that use `template`: of the files around it, those here, then the shipped ones."""
    wanted = template.resolve()
    for file in _pipelines_around(wanted):
        if template.name not in _text(file):
            continue
        graph = check(file).graph
        for step in every_step(graph) if graph else ():
            if graph and isinstance(step, CallStep) and wanted in [Path(one).resolve() for one in step.templates]:
                return graph, step
    return None


def _pipelines_around(template: Path) -> Iterable[Path]:
    """Pipeline files in the folders around the template, in the working folder and among the shipped ones."""
    folders = [template.parent, *template.parents[1:3], Path.cwd()]
    near = [file for folder in folders for file in sorted(folder.glob("*.y*ml"))]
    return dict.fromkeys([*near, *(resources.pipeline_path(name) for name in resources.pipelines())])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
