"""Applies patches from `override` and `--set`: a dotted path and its new value.

A variant contains only the differences, because a copy would become outdated. A dotted path follows the names of nodes
(`search.select.policy`) and leaves out `nodes`. Where a node is a pipeline file, the rest of the path is kept under the key
`override` of that node, and is applied to the file when it is read: two nodes that use one file are patched apart. Mappings are
merged. `null` removes a key; for a sampling setting it is a value
that means "do not send". A path without a parent is an error: a typo must not become a new key without effect.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import get_args

from promptwire.documents.document import KeyPath, YamlValue
from promptwire.errors import PipelineError, Problem, suggest
from promptwire.graph.step_keys import STEP_KEYS
from promptwire.language.file_lookup import is_pipeline
from promptwire.node import Role
from promptwire.registry.former_names import other_names

__all__ = ["OVERRIDE", "overlay", "patch"]

_TOP = ("name", "doc", "inputs", "params", "models", "limits", "outputs")
_FORMS = ("use", "repeat", "each")
_LOOPS = ("repeat", "until", "carry", "each", "outputs", "nodes", *STEP_KEYS)
"""Keys of a loop and of an 'each'; other names in a path are nodes."""
_SETTINGS = ("settings", "with", "parse", "limits")
"""Keys whose mapping a patch may create."""
OVERRIDE = "override"
"""Key of a pipeline that is used as a node, with patches of its file."""


def patch(root: YamlValue, dotted: str, new: YamlValue) -> YamlValue:
    """Apply a patch: `root` with `new` at the path `dotted`. Two mappings are merged. Raises PipelineError."""
    return _put(root, _locate(root, dotted, new), dotted, new, ())


def _locate(root: YamlValue, dotted: str, new: YamlValue) -> KeyPath:
    """Full path for `dotted`. Raises PipelineError when its parent does not exist."""
    path: list[str] = []
    yaml_value = root
    steps = dotted.split(".")
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if not isinstance(yaml_value.value, dict):
            raise _patch_error(new, dotted, f"{'.'.join(steps[:number])!r} has no keys that can be changed")
        nodes = yaml_value.get("nodes")
        known = nodes.value if nodes and isinstance(nodes.value, dict) else {}
        if step in known:
            path += ["nodes", step]
        elif last and nodes and isinstance(new.value, dict) and any(form in new.value for form in _FORMS):
            return (*path, "nodes", step)
        elif _reaches_inside(step, yaml_value, new, last=last):
            return (*path, OVERRIDE, ".".join(steps[number:]))
        elif step in yaml_value.value or _may_create(step, yaml_value, path, last=last):
            path.append(step)
        else:
            there = [
                *known,
                *(key for key in yaml_value.value if key != "nodes"),
                *(get_args(Role) if path == ["models"] else ()),
            ]
            near = suggest(step, there, noun="there are" if there else "")
            where = f"in {'.'.join(steps[:number])!r}" if number else "in the pipeline"
            raise _patch_error(new, dotted, f"there is no {step!r} {where}", near)
        yaml_value = _child(yaml_value, path[-2:] if step in known else path[-1:]) or YamlValue({}, new.position, new.key)
    return tuple(path)


def _reaches_inside(step: str, call: YamlValue, new: YamlValue, *, last: bool) -> bool:
    """Whether the rest of a path, which begins with `step`, is inside the pipeline file that `call` uses.

    A port or a param has no mapping as its value, so a mapping is a patch of a node of the file.
    """
    used = call.get("use")
    if used is None or not isinstance(used.value, str) or not is_pipeline(used.value) or step in (*_SETTINGS, OVERRIDE, "use"):
        return False
    return not last or (call.get(step) is None if new.value is None else isinstance(new.value, dict))


def _may_create(step: str, yaml_value: YamlValue, path: Sequence[str], *, last: bool) -> bool:
    """Whether a patch may create the key `step` in `yaml_value`, which is at `path`. `last`: the dotted path ends here."""
    if not path and step in _TOP:
        return last or step != "outputs"
    if path and last and (step in _LOOPS or yaml_value.get("nodes") is None):
        return True
    return (
        (path == ["models"] and step in get_args(Role))
        or (step == "local" and len(path) == 2 and path[0] == "models")
        or (step in _SETTINGS and yaml_value.get("use") is not None)
        or (step == "extra" and _is_sampling(path))
    )


def _child(yaml_value: YamlValue, steps: list[str]) -> YamlValue | None:
    found: YamlValue | None = yaml_value
    for step in steps:
        found = found.get(step) if found else None
    return found


def _is_sampling(above: Sequence[str | int]) -> bool:
    """Whether `above` is the path of sampling settings. There `null` is a value: do not send."""
    trail = above[:-1] if above and above[-1] == "extra" else above
    own = len(trail) > 1 and trail[-1] == "settings" and trail[-2] != "nodes"
    return own or (len(trail) == 2 and trail[0] == "models")


def _is_override(above: Sequence[str | int]) -> bool:
    """Whether `above` is the path of the patches of a pipeline file. There `null` is a patch: remove."""
    return len(above) > 1 and above[-1] == OVERRIDE and above[-2] != "nodes"


def _put(yaml_value: YamlValue, path: KeyPath, dotted: str, new: YamlValue, above: KeyPath) -> YamlValue:
    """`yaml_value`, whose full path is `above`, with `new` merged in at `path`."""
    if not path:
        return overlay(yaml_value, new, dotted, above)
    step = str(path[0])
    entries = _entries_named_as(yaml_value, (step,) if len(path) == 1 else ())
    old = entries.get(step)
    inside = _is_override(above)
    if len(path) == 1 and inside and isinstance(new.value, dict):
        # Patches are applied in their order, and one that is given again keeps its place: `a.n` would undo a newer `a`.
        entries = {name: value for name, value in entries.items() if name not in {f"{step}.{key}" for key in new.value}}
    if len(path) == 1 and new.value is None and not inside and not (_is_sampling(above) and step != "extra"):
        if old is None:
            raise _patch_error(
                new, dotted, f"there is no {dotted!r} to remove", suggest(step, entries, noun="there are" if entries else "")
            )
        del entries[step]
        return replace(yaml_value, value=entries, removed={**yaml_value.removed, step: new.key or new.position})
    if len(path) == 1 and old is None:
        entries[step] = new
    else:
        entries[step] = _put(old or YamlValue({}, new.position, new.key), path[1:], dotted, new, (*above, step))
    return replace(yaml_value, value=entries)


def _entries_named_as(yaml_value: YamlValue, keys: Collection[str]) -> dict[str, YamlValue]:
    """The entries of `yaml_value`. A port that has a former name appears under the name that the patch uses."""
    entries = dict(yaml_value.value) if isinstance(yaml_value.value, dict) else {}
    for here, there in other_names(entries["use"].value if "use" in entries else None).items():
        if there in keys and there not in entries and here in entries:
            entries[there] = entries.pop(here)
    return entries


def overlay(old: YamlValue, new: YamlValue, dotted: str, above: KeyPath | None = None) -> YamlValue:
    """Merge `new` over `old`, the value at the path `dotted` (full path `above`). Raises PipelineError."""
    trail: KeyPath = (dotted,) if above is None else above
    if not isinstance(old.value, dict):
        return new
    if not isinstance(new.value, dict):
        # For a param declared with type and range, a plain value is the new default.
        return replace(old, value={**old.value, "default": new}) if dotted.startswith("params.") else new
    merged = replace(old, value=_entries_named_as(old, new.value))
    for key, value in new.value.items():
        merged = _put(merged, (key,), f"{dotted}.{key}", value, trail)
    return merged


def _patch_error(new: YamlValue, dotted: str, message: str, hint: str = "") -> PipelineError:
    location = new.key_location
    return PipelineError([Problem("bad-patch", location, f"{dotted}: {message}" if dotted not in message else message, hint)])
