"""Params: types, ranges and values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sample_project import Project

NODES = "inputs: {seed: Prompts}\nnodes:\n  best: {use: pick, prompts: $seed}\noutputs: {prompt: $best}\n"


def errors(project: Project, params: str, given: dict[str, Any]) -> list[str]:
    text = f"promptwire: 1\nparams: {params}\n{NODES}"
    return [line for line in project.told(text, params=given) if ": warning: " not in line]


@pytest.mark.parametrize(
    ("params", "given", "value"),
    [
        ("{k: 5}", {}, 5),
        ("{k: 5}", {"k": "7"}, 7),
        ("{k: 5}", {"k": 7}, 7),
        ("{k: 0.5}", {"k": "2"}, 2.0),
        ("{k: x}", {"k": "7"}, "7"),
        ("{k: x}", {"k": "a: [b"}, "a: [b"),
        ("{k: true}", {"k": "false"}, False),
        ("{k: [1]}", {"k": "[2, 3]"}, [2, 3]),
        ("{k: {type: int}}", {"k": "3"}, 3),
        ("{k: {default: 3, max: 5}}", {"k": "5"}, 5),
        ("{k: {default: a, choices: [a, b]}}", {"k": "b"}, "b"),
    ],
)
def test_a_param_accepts_values_of_its_type_and_range(project: Project, params: str, given: dict[str, Any], value: Any) -> None:
    graph = project.graph(f"promptwire: 1\nparams: {params}\n{NODES}", params=given)
    assert graph.params == {"k": value}
    assert type(graph.params["k"]) is type(value)


@pytest.mark.parametrize(
    ("params", "given", "expected"),
    [
        ("{k: 5}", {"k": "five"}, "-p k=five: the param 'k' is Int, not the text 'five'"),
        ("{k: 5}", {"k": "2.5"}, "-p k=2.5: the param 'k' is Int, not 2.5"),
        ("{k: 5}", {"k": "true"}, "-p k=true: the param 'k' is Int, not true"),
        ("{k: 5}", {"k": ""}, "-p k=: the param 'k' is Int, not nothing"),
        ("{k: 5}", {"kk": "3"}, "-p kk=3: the pipeline has no param 'kk' - did you mean 'k'?"),
        ("{k: {default: 5, min: 1, max: 9}}", {"k": "0"}, "-p k=0: the param 'k' is 0 - it must be at least 1"),
        ("{k: {default: 5, min: 1, max: 9}}", {"k": "10"}, "-p k=10: the param 'k' is 10 - it must be at most 9"),
        (
            "{k: {default: a, choices: [alpha, a]}}",
            {"k": "alpa"},
            "-p k=alpa: the param 'k' can't be the text 'alpa' - did you mean 'alpha'?",
        ),
        ("{k: {default: 0, min: 1}}", {}, "p.yaml:2:23: the param 'k' is 0 - it must be at least 1"),
        ("{k: {default: x, type: int}}", {}, "p.yaml:2:23: the param 'k' is Int, not the text 'x'"),
        ("{k}", {}, "p.yaml:2:10: the param 'k' has neither type nor default - write k: {type: int} or give it a default"),
        (
            "{k: {help: x}}",
            {},
            "p.yaml:2:10: the param 'k' has neither type nor default - write k: {type: int} or give it a default",
        ),
    ],
)
def test_an_invalid_param_value_is_reported(project: Project, params: str, given: dict[str, Any], expected: str) -> None:
    assert errors(project, params, given) == [expected]


def test_invalid_yaml_is_reported(project: Project) -> None:
    (line,) = errors(project, "{k: 5}", {"k": "["})
    assert line.startswith("-p k=[:1:2: not YAML: ")
