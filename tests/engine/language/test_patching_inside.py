"""Patches that reach into pipelines which are used as nodes: each use apart, through several files, with positions of errors."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.graph.steps import CallStep, LiteralValue, PipeStep
from promptwire.language.printing import effective
from tests.sample_project import Project

PART = """\
promptwire: 1
inputs: {seed: Prompts}
params: {keep: 2}
nodes:
  x: {use: pick, prompts: $seed, keep: $keep, share: 0.5}
outputs: {prompts: $x}
"""
MIDDLE = """\
promptwire: 1
inputs: {seed: Prompts}
nodes:
  loop:
    repeat: 2
    carry: {beam: {start: $seed, next: $part}}
    nodes: {part: {use: ./part.yaml, seed: $beam}}
outputs: {prompts: $loop.beam}
"""
BASE = """\
promptwire: 1
inputs: {seed: Prompts}
nodes:
  one: {use: ./part.yaml, seed: $seed}
  other: {use: ./part.yaml, seed: $one}
  deep: {use: ./middle.yaml, seed: $other}
outputs: {prompt: $deep}
"""
VARIANT = "promptwire: 1\nextends: ./base.yaml\noverride:\n"


@pytest.fixture
def files(project: Project) -> Project:
    """A pipeline that uses one file twice, and once more inside another."""
    for name, text in (("part", PART), ("middle", MIDDLE), ("base", BASE)):
        project.write(f"{name}.yaml", text)
    return project


def keeps(files: Project, text: str, **options: Any) -> list[Any]:
    """The setting `keep` of the node x in `one`, `other` and `deep`."""
    steps = files.graph(text, **options).steps
    parts = [steps["one"], steps["other"], steps["deep"].graph.steps["loop"].body.steps["part"]]  # type: ignore[union-attr]
    found = []
    for part in parts:
        assert isinstance(part, PipeStep)
        x = part.graph.steps["x"]
        assert isinstance(x, CallStep)
        keep = x.params["keep"]
        found.append(keep.value if isinstance(keep, LiteralValue) else str(keep))
    return found


@pytest.mark.parametrize(
    ("override", "patches", "expected"),
    [
        ("one.x: {keep: 5}", {}, [5, "$keep", "$keep"]),
        ("other.x.keep: 5", {}, ["$keep", 5, "$keep"]),
        ("deep.loop.part.x.keep: 5", {}, ["$keep", "$keep", 5]),
        ("one.x.keep: 5", {"one.x.keep": "6", "deep.loop.part.x.keep": "7"}, [6, "$keep", 7]),
        ("one: {override: {x: {keep: 5}}}", {"one.x.keep": "6"}, [6, "$keep", "$keep"]),
        ("one.keep: 5", {}, ["$keep", "$keep", "$keep"]),
    ],
)
def test_each_use_of_a_file_is_patched_apart(files: Project, override: str, patches: Any, expected: list[Any]) -> None:
    assert keeps(files, f"{VARIANT}  {override}\n", patches=patches) == expected


def test_a_node_may_patch_the_file_that_it_uses_itself(files: Project) -> None:
    text = BASE.replace("one: {use: ./part.yaml, seed: $seed}", "one: {use: ./part.yaml, seed: $seed, override: {x.keep: 3}}")
    assert keeps(files, text) == [3, "$keep", "$keep"]


def test_a_reference_in_a_patch_is_one_of_the_other_file(files: Project) -> None:
    mine = "one: {use: ./part.yaml, seed: $seed, override: {y: {use: pick, prompts: $x, keep: 1, share: 0.5}, outputs.prompts: $y}}"
    text = BASE.replace("one: {use: ./part.yaml, seed: $seed}", mine).replace("other:", "x:").replace("$other", "$x")
    one = files.graph(text).steps["one"]
    assert isinstance(one, PipeStep)
    assert list(one.graph.steps) == ["x", "y"]


def test_a_cycle_through_a_node_that_patches_is_still_one(files: Project) -> None:
    mine = "one: {use: ./part.yaml, seed: $other, override: {x.keep: 3}}"
    told = files.told(BASE.replace("one: {use: ./part.yaml, seed: $seed}", mine))
    assert any("these nodes wait for each other: one -> other -> one" in problem for problem in told), told


def test_a_node_can_be_added_and_removed_inside(files: Project) -> None:
    more = "  one.y: {use: pick, prompts: $x, keep: 1, share: 0.5}\n  one.outputs.prompts: $y\n"
    graph = files.graph(VARIANT + more).steps["one"].graph  # type: ignore[union-attr]
    assert list(graph.steps) == ["x", "y"]
    removed = files.told(f"{VARIANT}  one.x: null\n")
    assert removed == ["part.yaml:5:3: 'nodes' is empty - it needs at least one entry"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("one.z.keep: 5", "p.yaml:4:3: in part.yaml: z.keep: there is no 'z' in the pipeline"),
        ("one.x.kep: 5", "p.yaml:4:3: pick has no port or param 'kep' - did you mean 'keep'?"),
        ("deep.loop.part.x.keep: 0", "p.yaml:4:26: 'keep' is 0 - it must be at least 1"),
        ("deep.loop.prt.x.keep: 5", "p.yaml:4:3: in middle.yaml: loop.prt.x.keep: there is no 'prt' in 'loop'"),
        ("one: {override: 5}", "p.yaml:4:19: 'override' must be a mapping of keys to values, not 5"),
        ("one.x.prompts: $nothing", "p.yaml:4:18: there is no 'nothing' here"),
    ],
)
def test_an_error_inside_points_at_the_patch(files: Project, override: str, expected: str) -> None:
    assert any(expected in line for line in files.told(f"{VARIANT}  {override}\n"))


def test_a_node_type_takes_no_override(files: Project) -> None:
    told = files.told(PART.replace("keep: $keep", "keep: $keep, override: {x: 1}"))
    assert any("only a pipeline that is used as a node takes 'override', and pick is a node type" in line for line in told)


def test_the_expanded_pipeline_shows_the_patch_and_means_the_same(files: Project) -> None:
    files.write("p.yaml", f"{VARIANT}  one.x.keep: 5\n")
    shown = effective("p.yaml", patches={"deep.loop.part.x.keep": "7"})
    assert "x.keep: 5" in shown
    assert keeps(files, shown) == [5, "$keep", 7]


def test_a_param_that_a_patch_leaves_unused_is_no_warning(files: Project) -> None:
    assert files.told(f"{VARIANT}  one.x.keep: 5\n") == []
