"""Graph walk with sizes: loops, elements, inner pipelines, and nodes without a bound."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from promptwire.bounds import Extent
from promptwire.language.check import check, load_graph
from promptwire.node import Context, node
from promptwire.planning import graph_walk
from promptwire.planning.call_bounds import CallBounds
from promptwire.planning.graph_walk import count_calls
from promptwire.registry.node_types import Registry
from promptwire.values import Model, Prompts
from tests.sample_project import Project

HEAD = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\n"
VARY = "{use: resample, template: ape/paraphrase.j2, "


def counts(project: Project, nodes: str, output: str, **options: object) -> dict[str, CallBounds]:
    """Bounds of the steps of a pipeline with one prompt and ten examples."""
    (project.folder / "p.yaml").write_text(f"{HEAD}nodes:\n{nodes}\noutputs: {{prompt: {output}}}\n")
    graph = load_graph(project.folder / "p.yaml")
    return count_calls(graph, {"seed": Extent.exactly(1), "train": Extent.exactly(10)}, **options)  # type: ignore[arg-type]


def asks(count: CallBounds) -> tuple[float, float]:
    return count.asks.least, count.asks.most


def scores(count: CallBounds) -> tuple[float, float]:
    return count.scores.least, count.scores.most


class _One(Model):
    prompts: Prompts


class _None(Model):
    pass


@node(slots=_One, renders=True)
async def tell(inputs: _One, params: _None, context: Context) -> _One:
    """Render a template."""
    return inputs


def test_a_node_that_renders_without_a_model_makes_no_call(project: Project) -> None:
    """Its sizes are unknown without a bound, but its calls are none."""
    project.write("t.j2", "{{ prompts }}")
    text = f"{HEAD}nodes: {{x: {{use: tell, prompts: $seed, template: t.j2}}}}\noutputs: {{prompt: $x}}\n"
    checked = check(project.write("p.yaml", text), types={"tell": tell})
    assert checked.graph is not None, checked.problems
    found = count_calls(checked.graph, {"seed": Extent.exactly(1), "train": Extent.exactly(10)})["x"]
    assert (asks(found), scores(found)) == ((0, 0), (0, 0))


LOOP = """
  search:
    repeat: {rounds}
    carry: {{beam: {{start: $seed, next: $more}}}}
    nodes:
      more: {vary}prompts: $beam, n: 2, keep_parents: {keep}}}
"""


def test_state_grows_from_round_to_round(project: Project) -> None:
    """1, 3 and 9 prompts at most; at least the one prompt each round."""
    found = counts(project, LOOP.format(rounds=3, vary=VARY, keep="true"), "$search.beam")
    assert asks(found["search.more"]) == (6, 2 * (1 + 3 + 9))


def test_equal_rounds_are_counted_without_a_walk(project: Project) -> None:
    text = LOOP.format(rounds=10**9, vary=VARY, keep="false").replace("n: 2", "n: 1")
    assert asks(counts(project, text, "$search.beam")["search.more"]) == (1, 10**9)


def test_state_that_grows_in_every_round_has_no_upper_bound(project: Project) -> None:
    text = LOOP.format(rounds=10**9, vary=VARY, keep="true")
    assert counts(project, text, "$search.beam")["search.more"].asks.most == math.inf


def test_loop_over_a_list_uses_each_value_once(project: Project) -> None:
    nodes = """
  search:
    repeat: {size: [2, 5]}
    carry: {beam: {start: $seed, next: $best}}
    nodes:
      some: {use: sample, of: $train, n: $size}
      best: {use: beam-select, prompts: $beam, on: $some}
"""
    assert scores(counts(project, nodes, "$search.beam")["search.best"]) == (7, 7)


def test_loop_that_may_end_early_has_at_least_one_round(project: Project) -> None:
    nodes = """
  search:
    repeat: 4
    until: $done
    carry: {log: {type: History, next: $longer}}
    nodes:
      scored: {use: evaluate, prompts: $seed, on: $train}
      longer: {use: history-append, log: $log, scores: $scored}
      done: {use: converged, log: $longer}
  best: {use: history-select, of: $search.log, best: 1}
"""
    assert scores(counts(project, nodes, "$best.prompts")["search.scored"]) == (10, 40)


def test_elements_multiply_the_calls_of_their_graph(project: Project) -> None:
    nodes = f"""
  many: {VARY}prompts: $seed, n: 3, keep_parents: true}}
  family:
    each: {{one: $many}}
    nodes:
      again: {VARY}prompts: $one, n: 2}}
    outputs: {{prompts: $again}}
"""
    found = counts(project, nodes, "$family")
    assert (asks(found["many"]), asks(found["family.again"])) == ((3, 3), (2, 8))


def test_inner_pipeline_is_walked_with_its_own_params(project: Project) -> None:
    (project.folder / "inner.yaml").write_text(
        f"promptwire: 1\ninputs: {{p: Prompts}}\nparams: {{k: 2}}\nnodes: {{v: {VARY}prompts: $p, n: $k}}}}\noutputs: {{out: $v}}\n"
    )
    found = counts(project, "  inner: {use: ./inner.yaml, p: $seed, k: 5}", "$inner")
    assert asks(found["inner.v"]) == (5, 5)


def test_node_type_without_bound_makes_calls_unknown(project: Project) -> None:
    (project.folder / "p.yaml").write_text(
        f"{HEAD}nodes:\n  v: {VARY}prompts: $seed}}\n  e: {{use: beam-select, prompts: $v, on: $train}}\noutputs: {{prompt: $e}}\n"
    )
    types = dict(Registry())
    types["resample"] = replace(types["resample"], bound=None)
    graph = load_graph(project.folder / "p.yaml", types=types)
    found = count_calls(graph, {"seed": Extent.exactly(1), "train": Extent.exactly(10)})
    assert not found["v"].known
    assert found["v"].asks.most == found["e"].scores.most == math.inf


@pytest.mark.parametrize("name", Registry())
def test_every_shipped_node_type_has_a_bound(name: str) -> None:
    assert Registry()[name].bound is not None


def test_nested_loops_are_counted_at_once_after_many_steps(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(graph_walk, "MANY_STEPS", 500)
    monkeypatch.setattr(graph_walk, "found_again", lambda *given: calls.append(1) or ({}, frozenset()))
    nodes = f"nodes: {{v: {VARY}prompts: $seed, n: 2}}}}"
    for depth in range(15):
        state = "$v" if not depth else f"$l{depth - 1}.s{depth - 1}"
        nodes = f"nodes: {{l{depth}: {{repeat: 1000000000, carry: {{s{depth}: {{start: $seed, next: {state}}}}}, {nodes}}}}}"
    found = counts(project, nodes.removeprefix("nodes: {").removesuffix("}").join(("  ", "")), "$l14.s14")
    assert max(asks(count)[1] for count in found.values()) > 1e100
    assert len(calls) < 5000


def test_number_of_the_round_bounds_the_calls_of_each_round(project: Project) -> None:
    nodes = (
        LOOP.format(rounds=3, vary=VARY, keep="false").replace("n: 2", "n: $round").replace("prompts: $beam", "prompts: $seed")
    )
    assert asks(counts(project, nodes, "$search.beam")["search.more"]) == (6, 1 + 2 + 3)
