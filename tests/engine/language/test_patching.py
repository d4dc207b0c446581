"""Patches at dotted paths."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.documents.document import Position, Source, yaml_value_of
from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import PipelineError
from promptwire.language.patching import patch

BASE = """\
params: {rounds: {type: int, default: 6}, width: 4}
nodes:
  search:
    repeat: $rounds
    carry: {beam: {start: $seed, next: $select}}
    nodes:
      expand: {use: ./expand.yaml, beam: $beam}
      select: {use: pick, prompts: [$beam], policy: ucb}
outputs: {prompt: $search.beam}
"""


def patched(dotted: str, value: Any) -> Any:
    return patch(read_yaml_text(BASE, "base").root, dotted, yaml_value_of(value, Position(Source("patch")))).data()


@pytest.mark.parametrize(
    ("dotted", "value", "path", "expected"),
    [
        ("search.select.policy", "top", ("nodes", "search", "nodes", "select", "policy"), "top"),
        ("search.select.pulls", 400, ("nodes", "search", "nodes", "select", "pulls"), 400),
        ("search.select", {"policy": "top", "pulls": 4}, ("nodes", "search", "nodes", "select"),
         {"use": "pick", "prompts": ["$beam"], "policy": "top", "pulls": 4}),
        ("search.select", {"policy": None}, ("nodes", "search", "nodes", "select"), {"use": "pick", "prompts": ["$beam"]}),
        ("search.select.prompts", ["$seed"], ("nodes", "search", "nodes", "select", "prompts"), ["$seed"]),
        ("search.repeat", 3, ("nodes", "search", "repeat"), 3),
        ("search.carry.beam.start", "$best", ("nodes", "search", "carry", "beam"), {"start": "$best", "next": "$select"}),
        ("search.extra", {"use": "mix"}, ("nodes", "search", "nodes", "extra"), {"use": "mix"}),
        ("best", {"use": "pick"}, ("nodes", "best"), {"use": "pick"}),
        ("nodes.search.repeat", 2, ("nodes", "search", "repeat"), 2),
        ("params.rounds", 3, ("params", "rounds"), {"type": "int", "default": 3}),
        ("params.width", 3, ("params", "width"), 3),
        ("limits.calls", 10, ("limits",), {"calls": 10}),
        ("doc", "new", ("doc",), "new"),
        ("models.meta.temperature", 0.5, ("models",), {"meta": {"temperature": 0.5}}),
        ("search.select.settings.temperature", 0.5, ("nodes", "search", "nodes", "select", "settings"), {"temperature": 0.5}),
        ("search.select.parse.tag", "NEW", ("nodes", "search", "nodes", "select", "parse"), {"tag": "NEW"}),
        ("search.when", "$wrong", ("nodes", "search", "when"), "$wrong"),
        ("search.select.unless", "$wrong", ("nodes", "search", "nodes", "select", "unless"), "$wrong"),
    ],
)  # fmt: skip
def test_a_patch_changes_the_value_at_its_path(dotted: str, value: Any, path: tuple[str, ...], expected: Any) -> None:
    found = patched(dotted, value)
    for step in path:
        found = found[step]
    assert found == expected


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        ([("edits.n", 3)], {"edits.n": 3}),
        ([("family.edits.settings.temperature", 0.5)], {"family.edits.settings.temperature": 0.5}),
        ([("edits", {"n": 3})], {"edits": {"n": 3}}),
        ([("edits", None)], {"edits": None}),
        ([("edits", {"n": 3}), ("edits", {"m": 1})], {"edits": {"n": 3, "m": 1}}),
        ([("edits", {"n": 3}), ("edits.n", 4)], {"edits": {"n": 3}, "edits.n": 4}),
        ([("edits", {"n": 3}), ("edits.n", 4), ("edits", {"n": 5})], {"edits": {"n": 5}}),
        ([("edits.n", 3), ("edits.m", 1), ("edits", {"n": 5})], {"edits.m": 1, "edits": {"n": 5}}),
    ],
)
def test_a_path_into_a_pipeline_file_is_kept_in_the_override_of_its_node(patches: list[tuple[str, Any]], expected: Any) -> None:
    root = read_yaml_text(BASE, "base").root
    for dotted, value in patches:
        root = patch(root, f"search.expand.{dotted}", yaml_value_of(value, Position(Source("patch"))))
    assert root.data()["nodes"]["search"]["nodes"]["expand"] == {"use": "./expand.yaml", "beam": "$beam", "override": expected}


@pytest.mark.parametrize(
    ("dotted", "value", "key"),
    [
        ("beam", "$seed", "beam"),
        ("beam", None, None),
        ("width", 3, "width"),
        ("limits", {"calls": 3}, "limits"),
        ("use", "./x.yaml", "use"),
    ],
)
def test_ports_params_and_keys_of_the_node_itself_are_no_patches_of_its_file(dotted: str, value: Any, key: str | None) -> None:
    call = patched(f"search.expand.{dotted}", value)["nodes"]["search"]["nodes"]["expand"]
    assert "override" not in call
    assert call.get(dotted) == (value if key else None)


def test_null_removes_a_key() -> None:
    assert "select" not in patched("search.select", None)["nodes"]["search"]["nodes"]


@pytest.mark.parametrize(
    ("dotted", "value", "path", "expected"),
    [
        ("models.meta.temperature", None, ("models", "meta"), {"temperature": None}),
        ("models.meta.extra.seed", None, ("models", "meta"), {"extra": {"seed": None}}),
        ("models.meta", {"temperature": None, "top_p": 0.5}, ("models", "meta"), {"temperature": None, "top_p": 0.5}),
        ("search.select.settings.temperature", None, ("nodes", "search", "nodes", "select", "settings"), {"temperature": None}),
        ("search.select.settings", {"extra": {"seed": None}}, ("nodes", "search", "nodes", "select", "settings"), {"extra": {"seed": None}}),
    ],
)  # fmt: skip
def test_null_is_a_value_of_a_sampling_setting(dotted: str, value: Any, path: tuple[str, ...], expected: Any) -> None:
    found = patched(dotted, value)
    for step in path:
        found = found[step]
    assert found == expected


def test_a_patch_does_not_change_the_base() -> None:
    root = read_yaml_text(BASE, "base").root
    before = root.data()
    patch(root, "search.select.policy", yaml_value_of("top", Position(Source("patch"))))
    assert root.data() == before


@pytest.mark.parametrize(
    ("dotted", "value", "expected"),
    [
        ("serch.select.policy", "x", "serch.select.policy: there is no 'serch' in the pipeline - did you mean 'search'?"),
        ("search.selct.policy", "x", "search.selct.policy: there is no 'selct' in 'search' - did you mean 'select'?"),
        ("search.repeat.x", 1, "search.repeat.x: 'search.repeat' has no keys that can be changed"),
        ("search.select.plcy", None, "there is no 'search.select.plcy' to remove - did you mean 'policy'?"),
        ("search.select", {"plcy": None}, "there is no 'search.select.plcy' to remove - did you mean 'policy'?"),
        ("models.boss.temperature", 0.5, "models.boss.temperature: there is no 'boss' in 'models' - there are: judge, meta, task"),
        ("search.selected.settings.n", 3, "search.selected.settings.n: there is no 'selected' in 'search' - did you mean 'select'?"),
        ("promts", 3, "there is no 'promts' in the pipeline - did you mean 'params'?"),
        ("", 3, "there is no '' in the pipeline - there are: outputs, params, search"),
    ],
)  # fmt: skip
def test_a_path_without_a_target_is_an_error(dotted: str, value: Any, expected: str) -> None:
    with pytest.raises(PipelineError) as caught:
        patched(dotted, value)
    assert str(caught.value) == f"patch: {expected}"
