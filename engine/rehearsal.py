"""A template before it is paid for: does it exist, does it read what its step provides, does it render.

A name that is missing would fail in the middle of a run; an attribute that is misspelt too. So the names are compared, and then
it is rendered once with sample values of the right types.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from promptwire.document import Branch
from promptwire.errors import PipelineError, Place, suggest
from promptwire.names import Findings
from promptwire.node import NodeType
from promptwire.samples import samples
from promptwire.templating import Template, load

__all__ = ["rehearse"]


def rehearse(
    path: Path, kind: NodeType, *, given: Mapping[str, type | None], name: str, branch: Branch, findings: Findings
) -> None:
    """Check the template at `path` for the node `name`, written at `branch`, with the `with:` variables `given`."""
    slots = dict.fromkeys(kind.slots.model_fields) if kind.slots else {}
    provided = [*slots, *given]
    written = branch.get("template") or branch
    try:
        found = _with_stand_in(load(path))
    except PipelineError as error:
        findings.add(error.problems)
        return
    read = frozenset[str]().union(*(template.variables for template in found))
    for variable in sorted(read - set(provided)):
        has = ", ".join(sorted(provided)) or "nothing"
        message = f"template {found[0].name} uses {variable!r}, which node {name!r} does not provide (it has: {has})"
        near = suggest(variable, provided)
        hint = near if near.startswith("did") else f"give it under with: {{{variable}: ...}}"
        findings.error("template-variable", written.spot.place(), message, hint)
    for variable in given:
        place = _place_of(branch, variable)
        if variable in slots:
            findings.error("name-clash", place, f"{kind.name} already gives its template {variable!r}", "choose another name")
        elif variable not in read:
            findings.warn("unused-variable", place, f"template {found[0].name} does not use {variable!r}")
    types = {variable: known for variable, known in given.items() if known is not None}
    if read <= set(provided) and len(types) == len(given):
        problems = [template.dry_run(samples(kind.slots, types)) for template in found]
        findings.add(problem for problem in problems if problem is not None)


def _with_stand_in(template: Template) -> tuple[Template, ...]:
    """The template, and the one that takes its place for models that can't fill a gap."""
    if template.front.instead is None:
        return (template,)
    return template, load(Path(template.path).with_name(template.front.instead))


def _place_of(branch: Branch, variable: str) -> Place:
    given = branch.get("with")
    child = given.get(variable) if given else None
    return ((child.key if child else None) or branch.spot).place()
