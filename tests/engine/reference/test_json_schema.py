"""The JSON Schema in a real validator: valid pipelines pass, mistakes are located."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from promptwire.documents import resources
from promptwire.documents.yaml_reader import read_yaml, read_yaml_text
from promptwire.language.printing import effective
from promptwire.reference.json_schema import FILE, schema, schema_text
from promptwire.registry.node_types import Registry
from promptwire.security import package_data

VALIDATOR = jsonschema.Draft7Validator(schema())

GOOD = """
promptwire: 1
name: all
doc: Everything that the language has.
inputs: {seed: Prompts, train: Examples, dev: {type: Examples, optional: true}}
params: {k: 5, rounds: {type: int, default: 2, min: 1, help: how often}, policy: ucb, list: [1, 2]}
models: {meta: {temperature: 0.7}}
limits: {calls: 500, on_limit: fail, roles: {task: {parallel: 2, requests_per_minute: 60, tokens_per_minute: 9000}}}
nodes:
  some: {use: sample, of: $train, n: $k}
  search:
    repeat: {size: $list}
    until: $done
    carry: {beam: {start: $seed, next: $best}, log: {type: History, next: $longer}}
    nodes:
      best: {use: beam-select, prompts: [$beam, $seed], on: $train, keep: $size, policy: $policy, metric: exact, on_error: skip}
      again: {use: beam-select, prompts: $beam, on: $train, on_error: retry, retries: 5}
      longer: {use: history-append, log: $log, scores: $best.scores}
      done: {use: converged, log: $longer, perfect: null}
  family:
    each: {one: $search.beam}
    nodes: {more: {use: resample, prompts: $one, template: ape/resample.j2, n: 2, with: {tone: "$$5"}, settings: {max_tokens: 9}}}
    outputs: {prompts: $more}
  inner: {use: ./other.yaml, anything: $family}
  plugged: {use: 'acme:judge', anything: 1}
outputs: {prompt: $family}
"""


def faults(text: str) -> list[tuple[str, str]]:
    """Path and message of each error in a pipeline."""
    data = read_yaml_text(text, "p.yaml").data
    return [(".".join(map(str, fault.absolute_path)), fault.message) for fault in VALIDATOR.iter_errors(data)]


def test_it_is_a_valid_schema() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("name", resources.pipelines())
def test_every_shipped_pipeline_is_valid_as_written_and_expanded(name: str) -> None:
    assert not list(VALIDATOR.iter_errors(read_yaml(resources.pipeline_path(name)).data))
    assert not faults(effective(name))


def test_every_form_of_the_language_is_valid() -> None:
    assert faults(GOOD) == []


BAD = [
    ("promptwire: 1", "promptwire: 2", "promptwire"),
    ("doc: Every", "dok: Every", ""),
    ("train: Examples,", "train: Example_s,", "inputs.train"),
    ("min: 1", "mni: 1", "params.rounds"),
    ("type: int,", "type: integer,", "params.rounds"),
    ("{meta:", "{mata:", "models"),
    ("calls: 500", "calls: -5", "limits.calls"),
    ("requests_per_minute: 60", "request_per_minute: 60", "limits.roles.task"),
    ("requests_per_minute: 60", "requests_per_minute: 0", "limits.roles.task.requests_per_minute"),
    ("roles: {task:", "roles: {tsk:", "limits.roles"),
    ("use: sample", "use: sampel", "nodes.some.use"),
    ("{use: sample, of: $train, n: $k}", "{use: sample, of: $train}", "nodes.some"),
    ("{use: sample, of: $train, n: $k}", "{use: sample, of: train, n: $k}", "nodes.some.of"),
    ("{use: sample, of: $train, n: $k}", "{use: sample, off: $train, of: $train, n: $k}", "nodes.some"),
    ("{use: sample, of: $train, n: $k}", "{use: sample, of: $train, n: 0}", "nodes.some.n"),
    ("{use: sample, of: $train, n: $k}", "{use: sample, of: $train, n: 5, template: x.j2}", "nodes.some"),
    ("keep: $size", "keep: many", "nodes.search.nodes.best.keep"),
    ("policy: $policy", "policy: upb", "nodes.search.nodes.best.policy"),
    ("on_error: skip", "on_error: skpi", "nodes.search.nodes.best.on_error"),
    ("retries: 5", "retries: 0", "nodes.search.nodes.again.retries"),
    ("until: $done", "until: done", "nodes.search.until"),
    ("next: $best}", "nxt: $best}", "nodes.search.carry.beam"),
    ("template: ape/resample.j2, ", "", "nodes.family.nodes.more"),
    ("max_tokens: 9", "max_tokens: nine", "nodes.family.nodes.more.settings.max_tokens"),
    ("    outputs: {prompts: $more}\n", "", "nodes.family"),
    ("outputs: {prompt: $family}", "", ""),
]


@pytest.mark.parametrize(("good", "bad", "where"), BAD, ids=[bad or "removed" for _, bad, _ in BAD])
def test_a_mistake_is_found_at_its_path(good: str, bad: str, where: str) -> None:
    assert good in GOOD
    assert where in [path for path, _ in faults(GOOD.replace(good, bad, 1))]


@pytest.mark.parametrize("name", Registry())
def test_every_key_of_every_node_has_a_description(name: str) -> None:
    made: dict[str, Any] = schema()["definitions"][name]["properties"]
    assert all(key.get("description") for key in made.values())


def test_node_types_of_plugins_are_included() -> None:
    kind = replace(Registry()["evaluate"], name="acme:grade")
    made = jsonschema.Draft7Validator(schema({"acme:grade": kind}))
    text = "promptwire: 1\nnodes: {a: {use: 'acme:grade', prompts: $p, on: $e}}\noutputs: {o: $a}\n"
    assert made.is_valid(read_yaml_text(text, "p").data)
    assert not made.is_valid(read_yaml_text(text.replace("on:", "of:"), "p").data)


def test_shipped_pipelines_name_the_schema_in_their_folder() -> None:
    built_in = {name: kind for name, kind in Registry().items() if ":" not in name}
    written = (package_data.package_folder("pipelines") / FILE).read_text(encoding="utf-8")
    assert written == schema_text(built_in), "the language has changed: `make schema` writes the file anew"
    for name in resources.pipelines():
        assert resources.pipeline_path(name).read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={FILE}\n")
