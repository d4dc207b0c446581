"""A document against the shape of a pipeline file, so that one misfit doesn't hide the rest.

A node that is misshapen is set aside and the others are still checked; its name stays known, so that those who refer to it are
not accused as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import ValidationError

from promptwire.documents.document import Document, KeyPath, YamlValue
from promptwire.documents.validation_errors import describe, to_problem
from promptwire.errors import Problem
from promptwire.language.spec import PipelineSpec

__all__ = ["Shape", "shape"]

_MAX_PASSES = 8
"""How often parts are set aside before the rest counts as too little; each time, at least one goes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a document looks like."""

    spec: PipelineSpec | None
    """The pipeline, without its misshapen parts; None when too little is left of it."""
    problems: tuple[Problem, ...] = ()
    """Every misfit."""
    broken: frozenset[KeyPath] = frozenset()
    """Paths of what was set aside."""


def shape(document: Document) -> Shape:
    """The pipeline in `document` and everything that is wrong with its shape."""
    root = document.root
    if not isinstance(root.value, dict):
        message = (
            "the file is empty"
            if root.value is None
            else f"a pipeline is a mapping of keys to values, not {describe(root.data())}"
        )
        hint = "start with 'promptwire: 1', then 'nodes' and 'outputs'"
        return Shape(None, (Problem("shape", document.location(), message, hint),))
    problems: tuple[Problem, ...] = ()
    broken: set[KeyPath] = set()
    for _ in range(_MAX_PASSES):
        try:
            spec = PipelineSpec.model_validate(root.data())
        except ValidationError as error:
            found = [to_problem(detail, PipelineSpec, document) for detail in error.errors(include_url=False)]
        else:
            return Shape(spec, problems, frozenset(broken))
        # Pydantic finds everything at once; what it finds later comes of what was set aside.
        problems = problems or tuple(dict.fromkeys(problem for _, problem in found))
        paths = {_broken_part(path) for path, _ in found}
        if () in paths:
            root = _completed(root)
        for path in paths - {()}:
            root = _without(root, path)
        broken |= paths - {()}
    return Shape(None, problems, frozenset(broken))


def _broken_part(path: KeyPath) -> KeyPath:
    """The innermost node that `path` lies in, else the entry of the top key."""
    starts = [index for index, step in enumerate(path[:-1]) if step == "nodes" and index % 2 == 0]
    if starts:
        return path[: starts[-1] + 2]
    return path[:2]


def _completed(root: YamlValue) -> YamlValue:
    """`root` with stand-ins for the top keys that are missing, so that the rest can be looked at."""
    if not isinstance(root.value, dict):
        return root
    stand_in = {
        "promptwire": YamlValue(1, root.position),
        "outputs": YamlValue({"prompt": YamlValue(None, root.position)}, root.position),
    }
    return replace(root, value={**{key: value for key, value in stand_in.items() if key not in root.value}, **root.value})


def _without(yaml_value: YamlValue, path: KeyPath) -> YamlValue:
    """`yaml_value` without what stands at `path`."""
    if not isinstance(yaml_value.value, dict) or path[0] not in yaml_value.value:
        return yaml_value
    step = str(path[0])
    rest = {key: child for key, child in yaml_value.value.items() if key != step}
    if len(path) == 1:
        return replace(yaml_value, value=rest)
    child = _without(yaml_value.value[step], path[1:])
    return replace(yaml_value, value={key: child if key == step else old for key, old in yaml_value.value.items()})
