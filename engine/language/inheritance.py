"""Merges a pipeline file with its base (`extends`), its overrides and `--set`.

The result is one document. Every value keeps the file and the position where it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptwire.documents.document import Document, Position, Source, YamlValue, yaml_value_of
from promptwire.documents.yaml_reader import read_yaml, read_yaml_text
from promptwire.errors import PipelineError, Problem
from promptwire.language.file_lookup import FileResolver
from promptwire.language.patching import overlay, patch

__all__ = ["folder_of", "resolve", "written_value"]

_MERGED = ("inputs", "params", "models", "limits", "outputs")
_MAX_CHAIN = 16


def resolve(
    path: Path, folders: FileResolver, *, patches: Mapping[str, Any] | None = None, inside: YamlValue | None = None
) -> Document:
    """Resolve the pipeline file at `path` to one document without `extends` and `override`.

    `patches` are dotted paths and values from the command line; `inside` is the `override` of a node that uses the file. Raises
    PipelineError with all errors of the patches.
    """
    document = _extended(path, folders, ())
    root, problems = _patched(document.root, inside, of=path.name)
    for dotted, value in (patches or {}).items():
        try:
            root = patch(root, dotted, written_value(value, f"--set {dotted}={value}"))
        except PipelineError as error:
            problems += error.problems
    if problems:
        raise PipelineError(problems)
    return replace(document, root=root)


def written_value(value: Any, name: str) -> YamlValue:
    """A YAML value from the command line (text) or from Python (any value). Messages call it `name`."""
    position = Position(Source(name))
    return yaml_value_of(read_yaml_text(value, name).data if isinstance(value, str) else value, position, position)


def folder_of(yaml_value: YamlValue, document: Document) -> Path:
    """Folder from which a file name in `yaml_value` is looked up."""
    # A value from the command line has no lines; it belongs to the pipeline that it changes.
    return Path(yaml_value.position.source.name if yaml_value.position.source.lines else document.file).parent


def _extended(path: Path, folders: FileResolver, below: tuple[Path, ...]) -> Document:
    """The file at `path`, merged with its base."""
    document = read_yaml(path)
    base = document.root.get("extends")
    override = document.root.get("override")
    if base is None:
        if override is None:
            return document
        message, hint = "'override' changes the pipeline that is extended, and there is none", "write extends: ./base.yaml"
        raise PipelineError([Problem("bad-extends", document.location(("override",), key=True), message, hint)])
    if not isinstance(base.value, str):
        raise PipelineError([Problem("bad-extends", base.location, "'extends' names one pipeline file", "write ./base.yaml")])
    found = folders.pipeline(base.value, path.parent, base.location)
    chain = (*below, path)
    if found.resolve() in [each.resolve() for each in chain] or len(chain) > _MAX_CHAIN:
        names = " -> ".join(each.name for each in (*chain, found))
        raise PipelineError([Problem("bad-extends", base.location, f"a pipeline can't extend itself: {names}")])
    return Document(document.file, _overlaid(_extended(found, folders, chain).root, document))


def _overlaid(base: YamlValue, variant: Document) -> YamlValue:
    """The base with the variant's own keys, then its `override` patches applied."""
    if not isinstance(base.value, dict) or not isinstance(variant.root.value, dict):
        return base
    problems: list[Problem] = []
    merged = {key: yaml_value for key, yaml_value in base.value.items() if key != "name"}
    for key, own in variant.root.value.items():
        if key in ("extends", "override"):
            continue
        under = merged.get(key)
        if (
            under is None
            or key not in (*_MERGED, "nodes")
            or not isinstance(under.value, dict)
            or not isinstance(own.value, dict)
        ):
            merged[key] = own
            continue
        for name in own.value if key == "nodes" else ():
            if name in under.value:
                hint = f"change it under override: {name}: {{...}}"
                location = (own.value[name].key or own.position).location()
                problems.append(Problem("bad-extends", location, f"the extended pipeline already has a node {name!r}", hint))
        merged[key] = overlay(under, own, key)
    root, faults = _patched(replace(variant.root, value=merged), variant.root.value.get("override"))
    if problems or faults:
        raise PipelineError([*problems, *faults])
    return root


def _patched(root: YamlValue, override: YamlValue | None, *, of: str = "") -> tuple[YamlValue, list[Problem]]:
    """`root` with the patches of `override`, and their problems. `of` names the file when a node of another one patches it."""
    if override is None or override.value is None:
        return root, []
    if not isinstance(override.value, dict):
        return root, [Problem("bad-extends", override.location, "'override' is a mapping of dotted paths to patches")]
    problems: list[Problem] = []
    for dotted, new in override.value.items():
        try:
            root = patch(root, dotted, new)
        except PipelineError as error:
            problems += [replace(one, message=f"in {of}: {one.message}" if of else one.message) for one in error.problems]
    return root, problems
