"""Loops and sub-graphs per element."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.graph.steps import EachStep, LiteralValue, RepeatStep
from promptwire.values import History, Prompt, Prompts
from tests.sample_project import Project

LOOP = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
params: {rounds: 6}
nodes:
  search:
    repeat: $rounds
    until: $longer.flat
    carry: {beam: {start: $seed, next: $best.prompts}, log: {type: History, next: $longer}}
    nodes:
      best: {use: pick, prompts: [$beam, $first]}
      scores: {use: grade, prompts: $best, on: $train}
      longer: {use: note, log: $log, scores: $scores}
  first: {use: mix, prompts: $seed}
  last: {use: pick, prompts: $search.beam}
outputs: {prompt: $last, history: $search.log, rounds: $search.rounds}
"""


def test_a_loop_owns_a_graph_that_sees_the_enclosing_names(project: Project) -> None:
    graph = project.graph(LOOP)
    loop = graph.steps["search"]
    assert isinstance(loop, RepeatStep)
    assert list(graph.steps) == ["first", "search", "last"]
    assert list(loop.body.steps) == ["best", "scores", "longer"]
    assert (loop.needs, loop.body.steps["best"].needs, loop.body.steps["best"].path) == ({"first"}, frozenset(), "search.best")
    assert (str(loop.rounds), loop.variable, [*map(str, loop.until)]) == ("$rounds", None, ["$longer.flat"])
    assert {state: carry.type for state, carry in loop.carry.items()} == {"beam": Prompts, "log": History}
    assert (str(loop.carry["beam"].start), loop.carry["log"].start, str(loop.carry["log"].next)) == ("$seed", None, "$longer")
    assert list(graph.types.values()) == [Prompt, History, int]


def test_a_loop_may_run_over_a_list(project: Project) -> None:
    graph = project.graph(
        LOOP.replace("repeat: $rounds", "repeat: {k: [3, 1]}").replace("[$beam, $first]}", "[$beam, $first], keep: $k}")
    )
    loop = graph.steps["search"]
    assert isinstance(loop, RepeatStep)
    assert (loop.variable, loop.rounds) == ("k", LiteralValue([3, 1]))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("repeat: $rounds", "repeat: $seed",
         ["p.yaml:6:13: $seed is Prompts, but 'repeat' needs Int"]),
        ("repeat: $rounds", "repeat: three", ["p.yaml:6:13: 'three' is Text, but 'repeat' needs Int"]),
        ("repeat: $rounds", "repeat: -1", ["p.yaml:6:13: 'repeat' is -1 - it must be at least 0"]),
        ("rounds: 6", "rounds: -1", ["p.yaml:6:13: 'repeat' is -1 - it must be at least 0"]),
        ("repeat: $rounds", "repeat: {a: [1], b: [2]}",
         ["p.yaml:6:13: 'repeat' takes one variable and its list - write repeat: {size: [10, 5]}"]),
        ("repeat: $rounds", "repeat: {k: $seed}", ["p.yaml:6:17: $seed is Prompts, but the list of 'repeat' needs List"]),
        ("repeat: $rounds", "repeat: {beam: [1]}",
         ["p.yaml:8:13: the name 'beam' is already a variable (line 6) - every name in a file means one thing: choose another"]),
        ("until: $longer.flat", "until: $rounds", ["p.yaml:7:12: $rounds is Int, but 'until' needs a Bool or a set"]),
        ("until: $longer.flat", "until: true", ["p.yaml:7:12: 'until' needs a reference to a Bool or a set, or a list of them - write $name"]),
        ("next: $best.prompts", "next: $scores", ["p.yaml:8:40: $scores is Scores, but the state 'beam' needs Prompts"]),
        ("next: $best.prompts", "next: $last",
         ["p.yaml:14:3: these nodes wait for each other: last -> search -> last - "
          "to feed a result back, put them into a 'repeat' and 'carry' it"]),
        ("{type: History, next: $longer}", "{next: $longer}",
         ["p.yaml:8:56: the state 'log' has neither 'start' nor 'type' - write start: $name, or type: History to start empty"]),
        ("{type: History, next: $longer}", "{type: Prompt, next: $best}",
         ["p.yaml:8:56: the state 'log' needs 'start': there is no empty Prompt - write start: $name, or type: Prompts",
          "p.yaml:12:32: $log is Prompt, but 'log' of note needs History"]),
        ("log: {type: History, next: $longer}", "rounds: {type: History, next: $longer}",
         ["p.yaml:8:56: no state can be called 'rounds' - $search.rounds is how many rounds were run"]),
        ("      scores: {use", "      first: {use",
         ["p.yaml:11:7: the name 'first' is already a node (line 13) - every name in a file means one thing: choose another"]),
        ("prompts: $search.beam}", "prompts: $search}",
         ["p.yaml:14:30: 'search' is a loop, which has no main output - write one of: $search.beam, $search.log, $search.rounds"]),
        ("prompts: $search.beam}", "prompts: $search.best}", ["p.yaml:14:30: 'search' has no output 'best' - outputs: beam, log, rounds"]),
        ("prompts: [$beam, $first]", "prompts: [$search.beam, $first]",
         ["p.yaml:5:3: the loop 'search' needs itself - inside a loop write $state, not $loop.state"]),
        ("prompts: $search.beam}", "prompts: $beam}", ["p.yaml:14:30: there is no 'beam' here"]),
    ],
)  # fmt: skip
def test_an_invalid_loop_is_reported(project: Project, old: str, new: str, expected: list[str]) -> None:
    assert old in LOOP
    told = [line for line in project.told(LOOP.replace(old, new)) if ": warning: " not in line]
    for line in expected:
        assert any(found.startswith(line) for found in told), told


def test_an_unused_state_gets_a_warning(project: Project) -> None:
    assert project.told(LOOP.replace(", history: $search.log", "")) == []
    assert project.told(LOOP.replace(", history: $search.log", "").replace("log: $log, ", "")) == [
        "p.yaml:8:56: warning: state 'log' is never used - read $log inside the loop, or $search.log after it"
    ]


def test_two_loops_may_use_the_same_names_inside(project: Project) -> None:
    twice = LOOP.replace(
        "  first: {", LOOP[LOOP.index("  search:") : LOOP.index("  first: {")].replace("search:", "again:") + "  first: {"
    )
    assert project.graph(twice.replace("outputs: {", "outputs: {more: $again.beam, "))


EACH = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  all:
    each: {p: $seed}
    nodes:
      x: {use: pick, prompts: $p}
      s: {use: grade, prompts: $x, on: $train}
      l: {use: note, scores: $s}
    outputs: {best: $x, scores: $s, flat: $l.flat}
  last: {use: pick, prompts: $all}
outputs: {prompt: $last, scores: $all.scores, flat: $all.flat}
"""


def test_a_sub_graph_per_element_gives_its_joined_outputs(project: Project) -> None:
    graph = project.graph(EACH)
    step = graph.steps["all"]
    assert isinstance(step, EachStep)
    assert (step.variable, str(step.over), step.element) == ("p", "$seed", Prompt)
    assert [kind.__name__ for kind in step.body.types.values()] == ["Prompt", "Scores", "bool"]
    assert [kind.__name__ for kind in graph.types.values()] == ["Prompt", "Scores", "list"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{p: $seed}", "{p: 3}", "p.yaml:5:15: this is Int, but 'each' needs a set - it takes Prompts, Examples, Failures, Critiques, Families or a List"),
        ("{p: $seed}", "{p: $last}", "p.yaml:4:3: these nodes wait for each other: all -> last -> all - "
         "to feed a result back, put them into a 'repeat' and 'carry' it"),
        ("{p: $seed}", "{p: $train}", "p.yaml:7:31: $p is Example, but 'prompts' of pick needs Prompts"),
        ("prompts: $all}", "prompts: $all.flat}", "p.yaml:11:30: $all.flat is List, but 'prompts' of pick needs Prompts - did you mean $all.best?"),
        ("best: $x", "best: $y", "p.yaml:10:21: there is no 'y' here"),
    ],
)  # fmt: skip
def test_an_invalid_each_is_reported(project: Project, old: str, new: str, expected: str) -> None:
    assert any(line.startswith(expected) for line in project.told(EACH.replace(old, new))), project.told(EACH.replace(old, new))


def test_each_takes_the_elements_of_a_written_list(project: Project) -> None:
    graph = project.graph(EACH.replace("{p: $seed}", "{p: [2, 1]}").replace("prompts: $p}", "prompts: $seed, keep: $p}"))
    step: Any = graph.steps["all"]
    assert (step.over, step.element) == (LiteralValue([2, 1]), int)


ROUNDS = """\
promptwire: 1
inputs: {seed: Prompts}
params: {rounds: 3}
nodes:
  search:
    repeat: $rounds
    carry: {beam: {start: $seed, next: $some}}
    nodes:
      some: {use: pick, prompts: $beam, keep: $round}
outputs: {prompt: $search.beam}
"""


def test_number_of_the_round_is_a_known_value(project: Project) -> None:
    graph = project.graph(ROUNDS)
    loop = graph.steps["search"]
    assert isinstance(loop, RepeatStep) and loop.numbered
    told = project.told(ROUNDS.replace("keep: $round", "share: $round"))
    assert told == ["p.yaml:9:48: 'share' is 1 (from $round) - it must be below 1"]


def test_number_of_the_round_is_no_setting_in_a_very_long_loop(project: Project) -> None:
    (told,) = project.told(ROUNDS.replace("rounds: 3", "rounds: 501"))
    assert "is a setting, and $round is known only during the run" in told


def test_name_of_the_author_takes_the_place_of_the_round(project: Project) -> None:
    for change in (
        {"params: {": "params: {round: 2, "},
        {"carry: {": "carry: {round: {start: $rounds, next: $rounds}, ", "keep: $round": "keep: $rounds"},
        {
            "    nodes:\n": "    nodes:\n      round: {use: mix, prompts: $beam}\n",
            "prompts: $beam, keep: $round": "prompts: $round",
        },
        {"repeat: $rounds": "repeat: {round: [1, 2]}"},
    ):
        text = ROUNDS
        for old, new in change.items():
            text = text.replace(old, new, 1)
        loop = project.graph(text).steps["search"]
        assert isinstance(loop, RepeatStep) and not loop.numbered


def test_round_is_unknown_outside_of_loops(project: Project) -> None:
    told = project.told_of("  a: {use: pick, prompts: $seed, keep: $round}", outputs="{prompt: $a}")
    assert told == [
        "p.yaml:4:40: there is no 'round' here - it is the number of a loop's round: read it in the body of a repeat"
    ]


FLAT = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  beam: {use: mix, prompts: $seed}
  kept: {use: pick, prompts: $beam}
outputs: {prompt: $kept.prompts}
"""
MOVED = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  beam: {use: mix, prompts: $seed}
  search:
    repeat: 2
    carry: {beam: {start: $beam, next: $kept.prompts}}
    nodes:
      kept: {use: pick, prompts: $beam}
outputs: {prompt: $search.beam}
"""


def test_node_that_moves_into_a_loop_keeps_its_references(project: Project) -> None:
    project.graph(FLAT)
    graph = project.graph(MOVED)
    assert graph.steps["search"].needs == {"beam"}
    assert project.told(MOVED) == ["p.yaml:2:25: warning: input 'train' is never used"]


def test_state_may_hide_a_node_that_waits_for_its_loop(project: Project) -> None:
    """The state in the body is no reference to the node of that name, so the two do not wait for each other."""
    text = (
        MOVED.replace("beam: {use: mix, prompts: $seed}", "beam: {use: mix, prompts: $search.beam}")
        .replace("start: $beam", "start: $seed")
        .replace("prompt: $search.beam", "prompt: $beam")
    )
    graph = project.graph(text)
    assert (graph.steps["search"].needs, graph.steps["beam"].needs) == (set(), {"search"})


def test_state_and_node_of_one_body_still_need_two_names(project: Project) -> None:
    (told,) = [line for line in project.told(MOVED.replace("kept", "beam")) if "already" in line]
    assert "the name 'beam' is already a state" in told


def test_variable_of_an_each_may_hide_the_set_that_it_runs_over(project: Project) -> None:
    graph = project.graph(
        MOVED.replace("repeat: 2\n    carry: {beam: {start: $beam, next: $kept.prompts}}", "each: {beam: $beam}").replace(
            "outputs: {prompt", "    outputs: {beam: $kept.prompts}\noutputs: {prompt"
        )
    )
    assert graph.steps["search"].needs == {"beam"}
