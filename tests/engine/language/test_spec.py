"""Pydantic models of a pipeline file."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.language.spec import InputSpec, ParamSpec, PipelineSpec
from promptwire.language.step_spec import CallSpec, EachSpec, RepeatSpec

CALL = {"use": "mix", "prompts": "$seed"}
WHOLE = {"promptwire": 1, "nodes": {"a": CALL}, "outputs": {"prompt": "$a"}}


def test_ports_and_params_are_separated_from_engine_keys() -> None:
    spec = CallSpec.model_validate(
        {"use": "write", "model": "judge", "with": {"x": "$a"}, "n": 3, "given": "$b", "on_error": "skip"}
    )
    assert (spec.use, spec.model, spec.with_, spec.on_error) == ("write", "judge", {"x": "$a"}, "skip")
    assert spec.given == {"n": 3, "given": "$b"}


@pytest.mark.parametrize(
    ("node", "form"),
    [
        (CALL, CallSpec),
        ({"repeat": 3, "nodes": {"a": CALL}}, RepeatSpec),
        ({"each": {"p": "$seed"}, "nodes": {"a": CALL}, "outputs": {"x": "$a"}}, EachSpec),
    ],
)
def test_the_form_of_a_node_follows_from_its_key(node: dict[str, Any], form: type) -> None:
    assert isinstance(PipelineSpec.model_validate({**WHOLE, "nodes": {"a": node}}).nodes["a"], form)


def test_inputs_and_params_have_a_short_form() -> None:
    assert InputSpec.model_validate("Prompts") == InputSpec(type="Prompts")
    assert ParamSpec.model_validate(5).default == 5
    assert not ParamSpec.model_validate(None).required
    assert ParamSpec.model_validate({"type": "int"}).required


@pytest.mark.parametrize(
    ("written", "kind"),
    [("int", "int"), ("Int", "int"), ("str", "text"), ("Text", "text"), ("number", "float"), ("List", "list")],
)
def test_synonyms_of_param_types_are_accepted(written: str, kind: str) -> None:
    assert ParamSpec.model_validate({"type": written}).type == kind
