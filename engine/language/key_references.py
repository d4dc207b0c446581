"""References in engine keys: `template`, `model`, `metric`, and values under `settings:` and `parse:`.

What decides the cost, or what the checker reads, must be known before the run: a param or a loop variable. Every value of it is
checked. A sampling setting such as the temperature is neither, so it takes any reference to a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from promptwire.backend import Settings
from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import message_for
from promptwire.errors import PipelineError
from promptwire.graph.model_calls import Varying
from promptwire.graph.steps import Wire
from promptwire.language.context import GraphScope
from promptwire.language.inheritance import folder_of
from promptwire.language.references import Target, connect, known_values
from promptwire.language.setting_wires import connect_setting
from promptwire.language.symbols import looks_like_reference
from promptwire.templating.parsing import Parse
from promptwire.values import Model

__all__ = ["check_values", "field_wires", "known_rule", "known_word", "template_paths", "varying_keys"]

FREE_SETTINGS: Final = frozenset({"temperature", "top_p"})
"""Settings that decide neither cost nor checks."""
_SETTING_TYPES: Final[Mapping[str, type]] = {"temperature": float, "top_p": float, "max_tokens": int, "stop": list}


def known_word(scope: GraphScope, node: YamlValue, key: str, written: Any) -> Any:
    """The value of `key`: as written, or that of its reference. None where it is not known; errors are reported."""
    child = node.get(key)
    if child is None or not looks_like_reference(child.value):
        return written
    wire = connect_setting(scope, child, Target(f"{key!r}", str))
    values = set((known_values(wire, scope.names) if wire else None) or ())
    if len(values) > 1:
        message, hint = f"{key!r} is not the same in all rounds", "give it one value: a param"
        scope.diagnostics.error("not-a-setting", child.location, message, hint)
    return values.pop() if len(values) == 1 else None


def template_paths(scope: GraphScope, node: YamlValue, written: str) -> tuple[Wire | None, dict[str, Path]]:
    """The wire of `template:` if it is a reference, and the path of each template that it names. Errors are reported."""
    child = node.get("template") or node
    wire, names = None, (written,)
    if looks_like_reference(child.value):
        wire = connect_setting(scope, child, Target("'template'", str))
        names = tuple(dict.fromkeys((known_values(wire, scope.names) if wire else None) or ()))
    paths = {}
    for name in names:
        try:
            paths[name] = scope.context.folders.template(name, folder_of(child, scope.source.document), child.location)
        except PipelineError as error:
            scope.diagnostics.add(error.problems)
    return wire, paths


def varying_keys(scope: GraphScope, node: YamlValue, wire: Wire | None, paths: Mapping[str, Path]) -> Varying | None:
    """The references in the engine keys of a call, checked; None when there are none."""
    settings = field_wires(scope, node.get("settings"), "settings", Settings)
    parse = field_wires(scope, node.get("parse"), "parse", Parse)
    if wire is None and not settings and not parse:
        return None
    return Varying(wire, {name: str(path.absolute()) for name, path in paths.items()} if wire else {}, settings, parse)


def field_wires(scope: GraphScope, under: YamlValue | None, key: str, schema: type[Model]) -> dict[str, Wire]:
    """Wires of the values under `key` that are references. Every known value is checked by `schema`."""
    wires: dict[str, Wire] = {}
    own = under.value if under is not None and isinstance(under.value, dict) else {}
    for name, child in own.items():
        if not looks_like_reference(child.value):
            continue
        target = Target(f"{key}.{name}", _SETTING_TYPES.get(name) if schema is Settings else None)
        free = schema is Settings and name in FREE_SETTINGS
        wire = connect(child, target, scope) if free else connect_setting(scope, child, target)
        if wire is not None:
            wires[name] = wire
            check_values(scope, child, schema, name, known_values(wire, scope.names) or ())
    return wires


def check_values(scope: GraphScope, child: YamlValue, schema: type[Model], name: str, values: tuple[Any, ...]) -> None:
    """Report the first of `values` that the field `name` of `schema` does not take."""
    for value in values:
        try:
            schema.model_validate({name: value})
        except ValidationError as error:
            details = [detail for detail in error.errors(include_url=False) if detail["loc"]]
            if not details:
                continue  # it needs other keys beside it; `known_rule` checks all together
            message, hint = message_for(details[0], name)
            scope.diagnostics.error("bad-setting", child.location, f"{message} (from {child.value})", hint)
            return


def known_rule(
    scope: GraphScope, node: YamlValue, rule: Mapping[str, Any] | None, varying: Varying | None
) -> Mapping[str, Any] | None:
    """The rule under `parse:` with the first known value of each reference. Reports a contradiction.

    None without a rule, and where a value in it is not known.
    """
    values = {key: known_values(wire, scope.names) for key, wire in (varying.parse if varying else {}).items()}
    known = {key: found[0] for key, found in values.items() if found}
    whole, written = {**(rule or {}), **known}, node.get("parse")
    if written is not None and isinstance(written.value, dict) and len(whole) < len(written.value):
        return None
    try:
        Parse.model_validate(whole)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if not detail["loc"]:
                location = (node.get("parse") or node).location
                scope.diagnostics.error("bad-setting", location, f"'parse': {detail['msg'].removeprefix('Value error, ')}")
        return None
    return whole or None
