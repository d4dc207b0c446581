"""Validates the structure of a pipeline file and keeps its valid parts.

An invalid node is set aside, and the other nodes are still checked. Its name stays known, so that references to it cause no
further errors.
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
"""Validation passes before the file counts as unusable. Each pass sets at least one part aside."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Result of validating a document's structure."""

    spec: PipelineSpec | None
    """The pipeline without its invalid parts; None when too little is left."""
    problems: tuple[Problem, ...] = ()
    """All errors of structure."""
    broken: frozenset[KeyPath] = frozenset()
    """Paths of the parts that were set aside."""


def shape(document: Document) -> Shape:
    """Parse the pipeline in `document`, and find all errors of its structure."""
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
        # Pydantic reports all errors in the first pass. Errors of later passes are consequences of parts set aside.
        problems = problems or tuple(dict.fromkeys(problem for _, problem in found))
        paths = {_broken_part(path) for path, _ in found}
        if () in paths:
            root = _completed(root)
        for path in paths - {()}:
            root = _without(root, path)
        broken |= paths - {()}
    return Shape(None, problems, frozenset(broken))


def _broken_part(path: KeyPath) -> KeyPath:
    """Path of the innermost node that contains `path`. Outside nodes: of the entry under the top key."""
    starts = [index for index, step in enumerate(path[:-1]) if step == "nodes" and index % 2 == 0]
    if starts:
        return path[: starts[-1] + 2]
    return path[:2]


def _completed(root: YamlValue) -> YamlValue:
    """`root` with placeholders for missing top keys, so that the rest can be checked."""
    if not isinstance(root.value, dict):
        return root
    stand_in = {
        "promptwire": YamlValue(1, root.position),
        "outputs": YamlValue({"prompt": YamlValue(None, root.position)}, root.position),
    }
    return replace(root, value={**{key: value for key, value in stand_in.items() if key not in root.value}, **root.value})


def _without(yaml_value: YamlValue, path: KeyPath) -> YamlValue:
    """`yaml_value` without the value at `path`."""
    if not isinstance(yaml_value.value, dict) or path[0] not in yaml_value.value:
        return yaml_value
    step = str(path[0])
    rest = {key: child for key, child in yaml_value.value.items() if key != step}
    if len(path) == 1:
        return replace(yaml_value, value=rest)
    child = _without(yaml_value.value[step], path[1:])
    return replace(yaml_value, value={key: child if key == step else old for key, old in yaml_value.value.items()})
