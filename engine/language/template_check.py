"""Checks a step's template before the run: its variables, and a render with sample values.

A missing variable or a misspelt attribute would fail in the middle of a run. So the variables are compared, and the template is
rendered once with sample values of the right types. A template that shows none of its slots would not fail, but it sends the
same text for every input, and its results are noise. That is an error too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from promptwire.backend import Settings
from promptwire.documents.document import YamlValue
from promptwire.errors import Location, PipelineError, suggest
from promptwire.language.diagnostics import Diagnostics
from promptwire.node import NodeType
from promptwire.templating.functions import DRAWS, FUNCTIONS
from promptwire.templating.sample_values import is_setting, member_samples, samples, unmarked
from promptwire.templating.task_prompt import ASKED, TASK_SLOTS, stand_in
from promptwire.templating.task_request import shows_nothing
from promptwire.templating.template import Template, load_template
from promptwire.values import History, Model, Scores
from promptwire.values.model import Needs

__all__ = ["NamedCall", "check_template"]

FREE = FUNCTIONS | {ASKED}
"""Names that every template can use."""


class NamedCall(NamedTuple):
    """The call that a template is checked for."""

    name: str
    kind: NodeType
    yaml_value: YamlValue
    parse: Mapping[str, Any] | None = None
    """Its own rule to read replies, in place of the template's."""
    members: type | None = None
    """Type of the set on a port of type Members."""


def check_template(path: Path, call: NamedCall, *, given: Mapping[str, type | None], diagnostics: Diagnostics) -> None:
    """Check the template at `path` for a call. `given` holds the types of `with:`."""
    name, kind, yaml_value, parse, members = call
    scoring = kind.slots is None
    slots = kind.slots.model_fields if kind.slots else dict.fromkeys(TASK_SLOTS)
    provided = [*slots, *given]
    written = yaml_value.get("template") or yaml_value
    try:
        found = _with_fallback(load_template(path, named=kind.named, parse=parse))
    except PipelineError as error:
        diagnostics.add(error.problems)
        return
    read = frozenset[str]().union(*(template.variables for template in found))
    if drawn := read & DRAWS if scoring else frozenset():
        message = f"template {found[0].name} draws at random ({', '.join(sorted(drawn))})"
        diagnostics.error("template-variable", written.location, message, "a template that scores asks all prompts alike")
    for variable in sorted(read - {*provided, *FREE}):
        has = ", ".join(sorted(provided)) or "nothing"
        message = f"template {found[0].name} uses {variable!r}, which node {name!r} does not provide (it has: {has})"
        hint = suggest(variable, provided, otherwise=f"give it under with: {{{variable}: ...}}")
        diagnostics.error("template-variable", written.location, message, hint)
    _report_needs(kind, found[0], read, members, yaml_value=yaml_value, diagnostics=diagnostics)
    if kind.renders:
        _report_model_keys(kind, found[0], written.location, diagnostics)
    _warn_of_unasked_marks(found, written.location, diagnostics)
    if read <= {*provided, *FREE}:
        _report_blind_template(kind, found[0], read, given, yaml_value=yaml_value, diagnostics=diagnostics)
    for variable in given:
        location = _location_of(yaml_value, variable)
        if variable in slots:
            diagnostics.error(
                "name-clash", location, f"{kind.name} already gives its template {variable!r}", "choose another name"
            )
        elif variable not in read:
            diagnostics.warn("unused-variable", location, f"template {found[0].name} does not use {variable!r}")
    types = {variable: known for variable, known in given.items() if known is not None}
    # A task's inputs may have fields that only the data define, so such a template is not rendered here.
    if read <= {*provided, *FREE} and len(types) == len(given) and not (scoring and (drawn or "input" in read)):
        types = {**TASK_SLOTS, **types} if scoring else types
        # Values from wires may have fewer elements. What a node makes itself, such as a family in a crossover, is complete.
        wired = {*kind.inputs.model_fields, *given}
        values = {ASKED: stand_in, **samples(kind.slots, types)}
        if kind.same is not None and members is None:
            return  # the set has a fault, which is reported
        values |= member_samples(members) if members is not None and "item" in slots else {}
        _render(found, values, wired=wired, draws=not scoring, diagnostics=diagnostics)


def _render(
    templates: tuple[Template, ...], values: Mapping[str, Any], *, wired: Set[str], draws: bool, diagnostics: Diagnostics
) -> None:
    """Render with two elements in each set, then with one, with none, and without marks. A failure only then is a warning."""
    drawing = (lambda: Random(0)) if draws else None
    for template in templates:
        problem = template.dry_run(values, drawing)
        if problem is not None:
            diagnostics.add([problem])
            continue
        if "marks" in "".join(part.source for part in template.parts):
            _render_unmarked(template, values, drawing, diagnostics)
        for many, word in ((1, "one element"), (0, "no element")):
            short = template.dry_run(
                {name: _shortened(value, many) if name in wired else value for name, value in values.items()}, drawing
            )
            if short is not None:
                hint = "write {% if NAME %} ... {% endif %} around it, or | first | default"
                diagnostics.add([replace(short, message=f"{short.message} (with {word} in its sets)", hint=hint, warning=True)])
                break


def _render_unmarked(
    template: Template, values: Mapping[str, Any], drawing: Callable[[], Random] | None, diagnostics: Diagnostics
) -> None:
    """Warn of a template that fails where no mark is set."""
    bare = template.dry_run({name: unmarked(value) for name, value in values.items()}, drawing)
    if bare is not None:
        hint = "write {% if item.marks.NAME %} ... {% endif %} around it: a mark that is not set is 0"
        diagnostics.add([replace(bare, message=f"{bare.message} (with no mark set)", hint=hint, warning=True)])


def _shortened(value: Any, many: int) -> Any:
    """A set with its first `many` elements; any other value unchanged. Of sets in a list, each is shortened."""
    if isinstance(value, tuple | list):
        return tuple(one[:many] for one in value) if value and all(isinstance(one, tuple) for one in value) else value[:many]
    sets = ("items", "groups", "by_example", "entries") if isinstance(value, Model) else ()
    inside = {name: getattr(value, name, None) for name in sets}
    short = {name: found[:many] for name, found in inside.items() if isinstance(found, tuple)}
    return value.model_copy(update=short) if short else value


def _report_blind_template(
    kind: NodeType,
    template: Template,
    read: frozenset[str],
    given: Mapping[str, type | None],
    *,
    yaml_value: YamlValue,
    diagnostics: Diagnostics,
) -> None:
    """Report a template that does not show the values its step is for."""
    location = (yaml_value.get("template") or yaml_value).location
    if kind.slots is None:
        if reason := shows_nothing(read):
            diagnostics.error("template-slots", location, f"template {template.name} {reason}", "all prompts would score alike")
        return
    for port in kind.inputs.model_fields:
        # A node may show its elements one by one, and named texts alone leave the text as it is.
        shown_so = {port, port.removesuffix("s")} & read or (kind.named and template.parts[0].mark)
        if port in kind.slots.model_fields and not shown_so and yaml_value.get(port) is not None:
            diagnostics.warn(
                "unused-input", _location_of(yaml_value, port, ""), f"template {template.name} does not show {port!r}"
            )
    shown = [name for name, field in kind.slots.model_fields.items() if not is_setting(field.annotation)]
    needed = any(field.is_required() for field in kind.inputs.model_fields.values())
    if needed and not kind.same and not read & {*shown, *given}:
        message = f"template {template.name} shows none of the variables of {kind.name}"
        diagnostics.error("template-slots", location, message, f"it can show: {', '.join(shown)}")


def _report_needs(
    kind: NodeType,
    template: Template,
    read: frozenset[str],
    members: type | None,
    *,
    yaml_value: YamlValue,
    diagnostics: Diagnostics,
) -> None:
    """Report a variable that has no value, because the input that it comes from is not wired."""
    there = {"scores"} if members is Scores else {"log"} if members is History else set[str]()
    for variable, field in kind.slots.model_fields.items() if kind.slots else ():
        ports = next((needs.ports for needs in field.metadata if isinstance(needs, Needs)), ())
        if ports and variable in read and not there & {*ports} and all(yaml_value.get(port) is None for port in ports):
            message = f"template {template.name} reads {variable!r}, which needs {' or '.join(map(repr, ports))}"
            location = (yaml_value.get("template") or yaml_value).location
            diagnostics.error("template-variable", location, message, f"wire {' or '.join(ports)} to {kind.name}")


def _report_model_keys(kind: NodeType, template: Template, location: Location, diagnostics: Diagnostics) -> None:
    """Report what only a template for a model can have: several messages, a gap, settings, another try."""
    front = template.front
    problems = {
        "has several messages": not kind.named and (len(template.parts) > 1 or template.parts[0].mark not in ("", "user")),
        "is a completion": front.mode == "completion",
        "has sampling settings": front.settings != Settings(),
        "has an `instead:` template": front.instead is not None,
        "has the fallback 'retry'": front.parse.fallback == "retry",
    }
    for problem, found in problems.items():
        if found:
            message = f"template {template.name} {problem}, but this step calls no model"
            diagnostics.error("template-unasked", location, message, "the step takes the rendered text itself")


def _warn_of_unasked_marks(templates: tuple[Template, ...], location: Location, diagnostics: Diagnostics) -> None:
    """Warn of answer marks that the template does not mention: no model would write them."""
    for template in templates:
        marks, text = template.front.parse.marks, "".join(part.source for part in template.parts).lower()
        if marks is None or marks[0].lower() in text or marks[1].lower() in text:
            continue
        message = f"template {template.name} reads its answer after {marks[0]!r}, but does not mention that mark"
        near = get_close_matches(marks[0].lower(), re.findall(r"<[a-z]\w*>", text), n=1)
        hint = f"it mentions {near[0]!r}" if near else f"ask for the answer between {marks[0]} and {marks[1]}"
        diagnostics.warn("unasked-marks", location, message, hint)


def _with_fallback(template: Template) -> tuple[Template, ...]:
    """The template and its fallback for models without infill, if it has one."""
    fallback = template.fallback()
    return (template, fallback) if fallback else (template,)


def _location_of(yaml_value: YamlValue, variable: str, under: str = "with") -> Location:
    given = yaml_value.get(under) if under else yaml_value
    child = given.get(variable) if given else None
    return ((child.key if child else None) or yaml_value.position).location()
