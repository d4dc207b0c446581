"""`limits` on a pipeline that is used as a node: values, references, shares, and where they are refused."""

from __future__ import annotations

import pytest

from promptwire.graph.steps import LiteralValue, PipeStep, Ref
from tests.sample_project import Project

PART = """\
promptwire: 1
inputs: {seed: Prompts}
nodes: {x: {use: pick, prompts: $seed, keep: 2, share: 0.5}}
outputs: {prompts: $x}
"""
USER = """\
promptwire: 1
inputs: {seed: Prompts}
params: {most: 30, part: 0.4}
nodes:
  one: {use: ./part.yaml, seed: $seed, limits: {calls: $most, share: 0.5}}
  other: {use: ./part.yaml, seed: $seed, limits: {share: $part, usd: 1, tokens: null}}
outputs: {prompt: [$one, $other]}
"""


def told(project: Project, text: str) -> str:
    """All problems of the pipeline `text`."""
    return "\n".join(project.told(text))


def test_limits_are_values_or_params(project: Project) -> None:
    project.write("part.yaml", PART)
    steps = project.graph(USER).steps
    one, other = steps["one"], steps["other"]
    assert isinstance(one, PipeStep)
    assert isinstance(other, PipeStep)
    assert one.limits == {"calls": Ref("most", None, one.limits["calls"].location), "share": LiteralValue(0.5)}  # type: ignore[union-attr]
    assert (str(other.limits["share"]), other.limits["usd"], "tokens" in other.limits) == ("$part", LiteralValue(1), False)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("calls: $most", "call: 3", "p.yaml:5:49: unknown key 'call' in the limits of a stage - did you mean 'calls'?"),
        ("calls: $most", "calls: -1", "p.yaml:5:56: 'calls' is -1 - it must be at least 0"),
        ("calls: $most", "calls: 1.5", "p.yaml:5:56: 1.5 is Float, but 'limits: calls' needs Int"),
        ("{calls: $most, share: 0.5}", "30", "p.yaml:5:48: 'limits' must be a mapping of keys to values, not 30"),
        ("most: 30", "most: -30", "p.yaml:5:56: 'calls' is -30 - it must be at least 0"),
        ("calls: $most", "calls: $seed", "p.yaml:5:56: $seed is Prompts, but 'limits: calls' needs Int"),
        ("share: 0.5", "share: 0", "p.yaml:5:70: 'share' is 0 - it must be above 0"),
        ("share: 0.5", "share: 1.5", "p.yaml:5:70: 'share' is 1.5 - it must be at most 1"),
        ("share: 0.5", "share: 0.7", "the stages one, other run side by side, and their shares are 1.1 together"),
    ],
)
def test_a_wrong_limit_is_reported_where_it_is_written(project: Project, old: str, new: str, expected: str) -> None:
    project.write("part.yaml", PART)
    assert expected in told(project, USER.replace(old, new))


def test_stages_one_after_the_other_may_have_any_shares(project: Project) -> None:
    project.write("part.yaml", PART)
    text = USER.replace("other: {use: ./part.yaml, seed: $seed", "other: {use: ./part.yaml, seed: $one").replace("0.5", "1")
    assert project.graph(text).steps.keys() == {"one", "other"}


def test_a_stage_in_a_loop_has_calls_but_no_share(project: Project) -> None:
    project.write("part.yaml", PART)
    inner = "inputs: {seed: Prompts}\nnodes: {p: {use: ./part.yaml, seed: $seed, limits: LIMITS}}\n"
    project.write("inner.yaml", f"promptwire: 1\n{inner}outputs: {{prompts: $p}}\n".replace("LIMITS", "{share: 0.5}"))
    loop = """\
promptwire: 1
inputs: {seed: Prompts}
nodes:
  family:
    each: {one: $seed}
    nodes: {p: {use: USED, seed: $one, limits: LIMITS}}
    outputs: {prompts: $p}
outputs: {prompt: $family}
"""
    part = loop.replace("USED", "./part.yaml")
    assert project.graph(part.replace("LIMITS", "{calls: 5}")).steps.keys() == {"family"}
    refused = "a stage in a loop or an 'each' can't have a share - write calls, tokens or usd"
    assert refused in told(project, part.replace("LIMITS", "{share: 0.5}"))
    assert refused in told(project, loop.replace("USED", "./inner.yaml").replace("LIMITS", "{calls: 5}"))


def test_a_node_type_takes_no_limits(project: Project) -> None:
    text = PART.replace("keep: 2", "keep: 2, limits: {calls: 5}")
    expected = "only a pipeline that is used as a node takes 'limits', and pick is a node type - put the step into a pipeline"
    assert expected in told(project, text)


def test_limits_inside_the_used_file_are_named_with_the_place_where_they_work(project: Project) -> None:
    project.write("part.yaml", PART.replace("nodes:", "limits: {calls: 9}\nnodes:"))
    assert "write them on the step that uses it: one: {..., limits: {calls: N}}" in told(project, USER)


def test_limits_can_be_patched(project: Project) -> None:
    project.write("part.yaml", PART)
    project.write("user.yaml", USER.replace(", limits: {calls: $most, share: 0.5}", ""))
    text = "promptwire: 1\nextends: ./user.yaml\noverride:\n  params.most: null\n  one.limits.calls: 7\n  other: {limits: {usd: null}}\n"
    steps = project.graph(text).steps
    assert isinstance(steps["one"], PipeStep)
    assert isinstance(steps["other"], PipeStep)
    assert (steps["one"].limits, list(steps["other"].limits)) == ({"calls": LiteralValue(7)}, ["share"])


def test_of_many_stages_the_largest_shares_are_added_up(project: Project) -> None:
    project.write("part.yaml", PART)
    stages = "".join(f"  s{place}: {{use: ./part.yaml, seed: $seed, limits: {{share: SHARE}}}}\n" for place in range(40))
    refs = ", ".join(f"$s{place}" for place in range(40))
    text = f"promptwire: 1\ninputs: {{seed: Prompts}}\nnodes:\n{stages}outputs: {{prompts: [{refs}]}}\n"
    assert len(project.graph(text.replace("SHARE", "0.02")).steps) == 40
    assert "run side by side, and their shares are 1.2 together" in told(project, text.replace("SHARE", "0.6"))
