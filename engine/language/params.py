"""Params of a pipeline: types, defaults, and checks of their values.

The type of a param is the declared one, or the type of its default. With `k: 5` alone, `-p k=five` is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from promptwire.documents.document import Document, YamlValue
from promptwire.documents.validation_errors import describe
from promptwire.errors import PipelineError, suggest
from promptwire.graph.port_types import fits, name_of
from promptwire.language.diagnostics import Diagnostics
from promptwire.language.inheritance import written_value
from promptwire.language.spec import ParamSpec
from promptwire.language.symbols import Symbol

__all__ = ["check_param_value", "declared_type", "param_symbols", "set_params"]

_TYPES: Final[Mapping[str, type]] = {"bool": bool, "int": int, "float": float, "text": str, "list": list}


def declared_type(spec: ParamSpec) -> type | None:
    """Type of a param; None when it has neither type nor default."""
    if spec.type is not None:
        return _TYPES[spec.type]
    return type(spec.default) if type(spec.default) in _TYPES.values() else None


def param_symbols(specs: Mapping[str, ParamSpec], document: Document, diagnostics: Diagnostics) -> list[Symbol]:
    """Symbols for the params of a pipeline, with their defaults as values."""
    found = []
    for name, spec in specs.items():
        yaml_value = document.value_at(("params", name))
        location = document.location(("params", name), key=True)
        symbol = Symbol(name, "param", location, declared_type(spec))
        if symbol.holds is None:
            hint = f"write {name}: {{type: int}} or give it a default"
            diagnostics.error("bad-param", location, f"the param {name!r} has neither type nor default", hint)
        elif not spec.required:
            default = yaml_value.get("default") or yaml_value
            symbol.values = (spec.default,)
            check_param_value(spec, spec.default, name=name, yaml_value=default, diagnostics=diagnostics)
        found.append(symbol)
    return found


def set_params(
    specs: Mapping[str, ParamSpec], given: Mapping[str, Any], *, symbols: Mapping[str, Symbol], diagnostics: Diagnostics
) -> None:
    """Set params to the values given on the command line or to the API."""
    for name, value in given.items():
        label = f"-p {name}={value}"
        spec = specs.get(name)
        if spec is None:
            yaml_value = written_value(None, label)
            hint = suggest(name, specs, noun="params")
            diagnostics.error("unknown-param", yaml_value.location, f"the pipeline has no param {name!r}", hint)
            continue
        text = declared_type(spec) is str and isinstance(value, str)
        try:
            yaml_value = written_value(None if text else value, label)
        except PipelineError as error:
            diagnostics.add(error.problems)
            continue
        plain = value if text else yaml_value.data()
        if check_param_value(spec, plain, name=name, yaml_value=yaml_value, diagnostics=diagnostics):
            symbols[name].values = (float(plain) if declared_type(spec) is float and plain is not None else plain,)


def check_param_value(spec: ParamSpec, value: Any, *, name: str, yaml_value: YamlValue, diagnostics: Diagnostics) -> bool:
    """Whether a param may have `value`, written at `yaml_value`. Reports an error otherwise."""
    location, wanted = yaml_value.location, declared_type(spec)
    optional = not spec.required and spec.default is None
    if wanted is None or (value is None and optional):
        return True
    if type(value) not in _TYPES.values() or not fits(type(value), wanted):
        diagnostics.error("bad-param", location, f"the param {name!r} is {name_of(wanted)}, not {describe(value)}")
        return False
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and spec.min is not None and value < spec.min:
        diagnostics.error("bad-param", location, f"the param {name!r} is {value}", f"it must be at least {spec.min:g}")
        return False
    if number and spec.max is not None and value > spec.max:
        diagnostics.error("bad-param", location, f"the param {name!r} is {value}", f"it must be at most {spec.max:g}")
        return False
    if spec.choices is not None and value not in spec.choices:
        hint = suggest(str(value), map(str, spec.choices), noun="one of")
        diagnostics.error("bad-param", location, f"the param {name!r} can't be {describe(value)}", hint)
        return False
    return True
