"""Invalid structure: all errors are reported, and valid parts are still checked."""

from __future__ import annotations

import pytest
from hypothesis import given

from promptwire.documents.document import Document, Position, Source, yaml_value_of
from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import PipelineError
from promptwire.language.shape import shape
from tests.strategies import data, near_yaml

RIGHT = "promptwire: 1\nnodes: {a: {use: mix}}\noutputs: {prompt: $a}\n"


def told(text: str) -> list[str]:
    return [str(problem).splitlines()[0] for problem in shape(read_yaml_text(text, "f")).problems]


def test_a_valid_pipeline_has_no_problems() -> None:
    found = shape(read_yaml_text(RIGHT, "f"))
    assert found.spec is not None
    assert (found.problems, found.broken) == ((), frozenset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f:1:1: the file is empty - start with 'promptwire: 1', then 'nodes' and 'outputs'"),
        ("[1]", "f:1:1: a pipeline is a mapping of keys to values, not a list - start with 'promptwire: 1', then 'nodes' and 'outputs'"),
        ("nodes: {a: {use: mix}}\noutputs: {p: $a}",
         "f:1:1: a pipeline needs the key 'promptwire' - the first line of every pipeline is 'promptwire: 1'"),
        (RIGHT.replace(": 1", ": 2"), "f:1:13: this reads promptwire grammar 1, not 2 - write 'promptwire: 1'"),
        ("promptwire: 1\nnodes: {}\noutputs: {p: $a}", "f:2:8: 'nodes' is empty - it needs at least one entry"),
        (RIGHT + "promts: 1", "f:4:1: unknown key 'promts' in a pipeline - did you mean 'params'?"),
        (RIGHT + "inputs: {Seed: Prompts}",
         "f:4:10: 'Seed' is not a name - names are small letters, digits and '_', and start with a letter"),
        (RIGHT + "inputs: {a: Promts}", "f:4:13: the text 'Promts' is not a port type - did you mean 'Prompts'?"),
        (RIGHT + "params: {k: {typ: int}}", "f:4:14: unknown key 'typ' in a param - did you mean 'type'?"),
        (RIGHT + "models: {taks: {}}", "f:4:10: there is no model role 'taks' - did you mean 'task'?"),
        (RIGHT + "models: {meta: {temperature: -1}}", "f:4:30: 'temperature' is -1 - it must be at least 0"),
        (RIGHT + "limits: {calls: $hot}",
         "f:4:17: 'calls' must be a whole number, not the text '$hot' - a reference is not allowed here: write the value, and change it for a run with --set"),
        (RIGHT + "limits: {call: 3}", "f:4:10: unknown key 'call' in 'limits' - did you mean 'calls'?"),
        (RIGHT + "limits: {on_limit: halt}", "f:4:20: 'on_limit' can't be the text 'halt' - one of: fail, stop"),
        (RIGHT.replace("{use: mix}", "5"), "f:2:9: node 'a' is 5 - write a: {use: TYPE, ...}"),
        (RIGHT.replace("use", "usee"), "f:2:13: node 'a' has none of 'use', 'repeat', 'each', but 'usee' - did you mean 'use'?"),
        (RIGHT.replace("use: mix", "use: mix, each: 3"),
         "f:2:9: node 'a' has 'use' and 'each' - a node is one of: a call (use), a loop (repeat), a sub-graph per element (each)"),
        (RIGHT.replace("use: mix", "use: mix, model: tsk"), "f:2:30: the text 'tsk' is not a model role - did you mean 'task'?"),
        (RIGHT.replace("use: mix", "repeat: 3"), "f:2:9: a loop needs the key 'nodes'"),
        (RIGHT.replace("use: mix", "repeat: 3, nodes: {b: {use: mix}}, carry: {s: {strt: 1, next: $b}}"),
         "f:2:60: unknown key 'strt' in a carried state - did you mean 'start'?"),
        (RIGHT.replace("use: mix", "each: {p: $x, q: $y}, nodes: {b: {use: mix}}, outputs: {p: $b}"),
         "f:2:19: 'each' takes one variable and its set - write each: {p: $prompts}"),
    ],
)  # fmt: skip
def test_an_invalid_pipeline_is_reported_with_its_location(text: str, expected: str) -> None:
    assert told(text) == [expected]


def test_an_invalid_node_is_set_aside_and_the_rest_stays() -> None:
    found = shape(
        read_yaml_text(
            RIGHT.replace("{a: {use: mix}}", "{a: {use: mix}, b: {use: 3}, c: {repeat: 1, nodes: {d: 4, e: {use: x}}}}"), "f"
        )
    )
    assert found.spec is not None
    assert set(found.spec.nodes) == {"a", "c"}
    assert found.broken == {("nodes", "b"), ("nodes", "c", "nodes", "d")}
    assert len(found.problems) == 2


@given(near_yaml)
def test_any_document_gives_a_shape(text: str) -> None:
    try:
        document = read_yaml_text(text, "f")
    except PipelineError:
        return
    found = shape(document)
    assert found.spec is not None or found.problems


@given(data)
def test_any_data_under_the_top_keys_gives_a_shape(value: object) -> None:
    for key in ("nodes", "inputs", "params", "models", "limits", "outputs"):
        whole = {"promptwire": 1, "nodes": {"a": {"use": "mix"}}, "outputs": {"p": "$a"}, key: value}
        found = shape(Document("f", yaml_value_of(whole, Position(Source("f")))))
        assert found.spec is not None or found.problems


@pytest.mark.parametrize("name", ["<", "<use>", "[key]", "<x>", ""])
def test_a_name_that_equals_a_pydantic_tag_is_a_bad_name(name: str) -> None:
    for key in ("nodes", "inputs", "params", "outputs"):
        whole = {"promptwire": 1, "nodes": {"a": {"use": "mix"}}, "outputs": {"p": "$a"}, key: {name: {"use": "mix"}}}
        found = shape(Document("f", yaml_value_of(whole, Position(Source("f")))))
        assert found.problems
