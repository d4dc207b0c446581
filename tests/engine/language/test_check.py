"""The checker: all problems at once, and only problems for any text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from promptwire.errors import PipelineError, UsageError
from promptwire.language.check import check, load_graph
from tests.sample_project import TYPES, Project
from tests.strategies import any_text, near_yaml

BROKEN = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
params: {rounds: {default: 0, min: 1}}
nodez: {}
nodes:
  search:
    repeat: $rounds
    until: [$rounds, $scores]
    carry: {beam: {start: $seed, next: $best}}
    nodes:
      best: {use: pick, prompts: [$beam, $serch.beam], keep: 0}
      scores: {use: grade, prompts: $best.prompt, on: $train}
      odd: 5
  a: {use: mix, prompts: $b}
  b: {use: mix, prompts: $a}
outputs: {prompt: $search}
"""


def test_all_problems_are_reported_at_once_with_line_and_caret(project: Project) -> None:
    with pytest.raises(PipelineError) as caught:
        load_graph(project.write("p.yaml", BROKEN).relative_to(project.folder), types=TYPES)
    assert (
        str(caught.value)
        == """\
p.yaml:3:28: the param 'rounds' is 0 - it must be at least 1
     3 | params: {rounds: {default: 0, min: 1}}
       |                            ^
p.yaml:4:1: unknown key 'nodez' in a pipeline - did you mean 'nodes'?
     4 | nodez: {}
       | ^
p.yaml:8:13: $rounds is Int, but 'until' needs a Bool or a set
     8 |     until: [$rounds, $scores]
       |             ^
p.yaml:11:42: there is no 'serch' here - did you mean '$search'?
    11 |       best: {use: pick, prompts: [$beam, $serch.beam], keep: 0}
       |                                          ^
p.yaml:11:62: 'keep' is 0 - it must be at least 1
    11 |      best: {use: pick, prompts: [$beam, $serch.beam], keep: 0}
       |                                                             ^
p.yaml:12:37: 'best' has no output 'prompt' - did you mean 'prompts'?
    12 |       scores: {use: grade, prompts: $best.prompt, on: $train}
       |                                     ^
p.yaml:13:7: node 'odd' is 5 - write odd: {use: TYPE, ...}
    13 |       odd: 5
       |       ^
p.yaml:13:7: warning: node 'odd' is never used - it is not run
    13 |       odd: 5
       |       ^
p.yaml:14:3: these nodes wait for each other: a -> b -> a - to feed a result back, put them into a 'repeat' and 'carry' it
    14 |   a: {use: mix, prompts: $b}
       |   ^
p.yaml:14:3: warning: node 'a' is never used - it is not run
    14 |   a: {use: mix, prompts: $b}
       |   ^
p.yaml:15:3: warning: node 'b' is never used - it is not run
    15 |   b: {use: mix, prompts: $a}
       |   ^
p.yaml:16:19: 'search' is a loop, which has no main output - write one of: $search.beam, $search.rounds
    16 | outputs: {prompt: $search}
       |                   ^"""
    )


def test_a_valid_pipeline_has_a_graph_and_no_problems(project: Project) -> None:
    checked = project.check(
        "promptwire: 1\nname: fine\ninputs: {seed: Prompts}\nnodes: {a: {use: mix, prompts: $seed}}\noutputs: {p: $a}\n"
    )
    assert checked.problems == ()
    assert checked.graph is not None
    assert checked.graph.name == "fine"


def test_a_param_without_a_value_passes_check_but_not_load_graph(project: Project) -> None:
    text = "promptwire: 1\ninputs: {seed: Prompts}\nparams: {k: {type: int}}\nnodes: {a: {use: pick, prompts: $seed, keep: $k}}\noutputs: {p: $a}\n"
    assert project.check(text).graph is not None
    with pytest.raises(PipelineError) as caught:
        load_graph("p.yaml", types=TYPES)
    assert str(caught.value).splitlines()[0] == "p.yaml:3:10: the param 'k' is not set - give it: -p k=VALUE"
    assert load_graph("p.yaml", types=TYPES, params={"k": "2"}).params == {"k": 2}


def test_a_pipeline_without_a_prompt_output_gets_a_warning(project: Project) -> None:
    text = "promptwire: 1\ninputs: {seed: Prompts, t: Examples}\nnodes: {a: {use: grade, prompts: $seed, on: $t}}\noutputs: {s: $a}\n"
    assert project.told(text) == [
        "p.yaml:4:1: warning: no output is Prompt or Prompts - 'promptwire run' reports the first one that is"
    ]


def test_a_name_is_a_file_or_a_shipped_pipeline(project: Project) -> None:
    assert check("ape").graph is not None
    with pytest.raises(UsageError, match="there is no shipped pipeline 'apee'"):
        check("apee")
    assert [problem.message for problem in check("apee.yaml").problems] == ["there is no such file"]
    assert [problem.code for problem in check(project.folder).problems] == ["file-missing"]


def test_the_command_line_sets_params_and_patches(project: Project) -> None:
    graph = load_graph("ape", params={"n": "3"}, patches={"search.kept.growth": "3.0"})
    assert graph.params["n"] == 3
    with pytest.raises(PipelineError, match="did you mean 'kept'"):
        load_graph("ape", patches={"search.kpt.growth": "3.0"})


@given(any_text | near_yaml)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gives_a_graph_or_problems(project: Project, text: str) -> None:
    (project.folder / "p.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    checked = check("p.yaml", types=TYPES)
    assert checked.graph is not None or checked.problems


@given(near_yaml)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_as_a_node_gives_a_graph_or_problems(project: Project, text: str) -> None:
    body = text.replace("\n", "\n  ")
    whole = f"promptwire: 1\ninputs: {{x: Prompts}}\nnodes:\n  a: {body}\n  b: {{use: mix, prompts: $a}}\noutputs: {{p: $b}}\n"
    checked = project.check(whole)
    assert checked.graph is not None or checked.problems
