"""Steps that would fail in every run: a policy without its input, a template that fails on short sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import PipelineError
from promptwire.language.check import check
from promptwire.language.printing import effective
from promptwire.tasks.task import load_task

HEAD = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\n"


def found(folder: Path, nodes: str, output: str = "$best") -> list[str]:
    (folder / "p.yaml").write_text(f"{HEAD}nodes:\n{nodes}\noutputs: {{prompt: {output}}}\n")
    return [str(problem).splitlines()[0] for problem in check(folder / "p.yaml").problems]


SCORES = "  s: {use: evaluate, prompts: $seed, on: $train}\n"
FAILS = "  f: {use: failures, of: $s}\n"


def errors_of(folder: Path, node: str) -> list[str]:
    """Errors, without warnings, of a pipeline whose node `best` is `node`."""
    output = "$best.prompts" if "parents" in node else "$best"
    return [one for one in found(folder, f"{SCORES}{FAILS}  best: {node}", output) if "warning" not in one]


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        ("{use: beam-select, prompts: $seed}", "beam-select: nothing to choose by - wire `prompts` and `on`, or `scores`"),
        ("{use: beam-select, scores: $s, policy: ucb}", "beam-select: policy 'ucb' needs examples - wire `on`"),
        ("{use: beam-select, scores: $s, policy: successive-halving}", "'successive-halving' needs examples - wire `on`"),
        ("{use: parents, prompts: $seed}", "parents: policy 'roulette' needs `scores`"),
        ("{use: parents, prompts: $seed, policy: tournament}", "parents: policy 'tournament' needs `scores`"),
        ("{use: cap, prompts: $seed, policy: errors-only}", "cap: policy 'errors-only' needs `errors`"),
        ("{use: beam-select, scores: $s}", ""),
        ("{use: beam-select, prompts: $seed, on: $train, policy: ucb}", ""),
        ("{use: parents, prompts: $seed, policy: random}", ""),
        ("{use: parents, prompts: $seed, scores: $s}", ""),
        ("{use: cap, prompts: $seed}", ""),
        ("{use: cap, prompts: $seed, policy: errors-only, errors: $f}", ""),
    ],
)
def test_a_policy_without_its_input_is_an_error(tmp_path: Path, node: str, problem: str) -> None:
    problems = errors_of(tmp_path, node)
    assert len(problems) == bool(problem)
    assert all(problem in one for one in problems)


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        ("{use: beam-select, prompts: [$seed, $sed], on: $train}", "there is no 'sed' here"),
        ("{use: beam-select, prompts: $seed, on: $trian, policy: ucb}", "there is no 'trian' here"),
        ("{use: beam-select, prompts: $train, on: $train}", "Prompts"),
        ("{use: parents, prompts: $seed, scores: $ss}", "there is no 'ss' here"),
    ],
)
def test_a_wire_with_a_fault_is_not_called_missing_too(tmp_path: Path, node: str, problem: str) -> None:
    problems = errors_of(tmp_path, node)
    assert len(problems) == 1, problems
    assert problem in problems[0]


@pytest.mark.parametrize("policy", ["hard", "weighted"])
def test_a_draw_by_difficulty_needs_scores(tmp_path: Path, policy: str) -> None:
    nodes = (
        f"  few: {{use: sample, of: $train, n: 2, policy: {policy}}}\n  best: {{use: beam-select, prompts: $seed, on: $few}}"
    )
    assert any(f"sample: policy {policy!r} needs `scores`" in one for one in found(tmp_path, nodes))


def test_limits_of_an_inner_pipeline_get_a_warning(tmp_path: Path) -> None:
    (tmp_path / "in.yaml").write_text(
        f"{HEAD}limits: {{calls: 5}}\nnodes: {{b: {{use: beam-select, prompts: $seed, on: $train}}}}\noutputs: {{p: $b}}\n"
    )
    problems = found(tmp_path, "  best: {use: ./in.yaml, seed: $seed, train: $train}")
    assert [one for one in problems if "in.yaml:3:1: warning: the limits of in.yaml have no effect where it is a node" in one]
    assert not check(tmp_path / "in.yaml").problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ examples[0].input }}", "with no element in its sets"),
        ("{{ examples[1].input }}", "with one element in its sets"),
        ("{{ 1 / (examples | length) }}", "with no element in its sets"),
        ("{{ 1 / (examples | length - 1) }}", "with one element in its sets"),
        ("{% if examples %}{{ examples[0].input }}{% endif %}", ""),
        ("{% for one in examples %}{{ one.input }}{% endfor %}", ""),
    ],
)
def test_a_template_is_rendered_with_no_one_and_many_elements(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "t.j2").write_text(text)
    nodes = "  best: {use: generate, examples: $train, template: t.j2, n: 1}"
    problems = [one for one in found(tmp_path, nodes) if "is never used" not in one]
    assert len(problems) == bool(problem)
    assert all(problem in one and "warning" in one for one in problems)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{% for one in family %}{{ critiques[loop.index0] | join }}{% endfor %}", ""),
        ("{% for one in family %}{{ critiques[loop.index0][0] }}{% endfor %}", "with no element in its sets"),
    ],
)
def test_a_family_has_a_set_of_critiques_for_each_parent_which_may_be_empty(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "t.j2").write_text(text)
    nodes = """\
  scores: {use: evaluate, prompts: $seed, on: $train}
  wrong:  {use: failures, of: $scores}
  faults: {use: critique-gradient, of: $wrong, template: protegi/gradient.j2}
  pairs:  {use: parents, prompts: $seed, scores: $scores}
  best:   {use: crossover, of: $pairs, critiques: $faults, template: t.j2}"""
    problems = found(tmp_path, nodes)
    assert len(problems) == bool(problem)
    assert all(problem in one and "warning" in one for one in problems)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["show", "protegi", "--set", "search.selects=union"], "there is no 'selects' in 'search'"),
        (["show", "protegi", "--set", "search.selects=5"], "did you mean 'select'?"),
        (["show", "protegi", "-p", "rounds=three"], "the param 'rounds' is"),
        (["check", "p.yaml"], "settings: {temperature: ...}"),
    ],
)
def test_a_typo_is_reported_with_the_nearest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    found(tmp_path, "  best: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 1, temperature: 1}")
    result = CliRunner().invoke(app, words)
    assert result.exit_code
    assert hint in result.output + str(result.exception)


def test_a_param_that_is_shown_keeps_its_bounds() -> None:
    shown = effective("protegi", params={"rounds": "3"})
    assert "rounds: 3" in shown or "default: 3" in shown
    with pytest.raises(PipelineError, match="rounds"):
        effective("protegi", params={"rounds": "1.5"})


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("prompt: 5", "'prompt' must be a text or a list of texts, not 5 - put it in quotes: \"5\""),
        ("prompt: a\nlabels: [0, 1]", "element 1 of 'labels' must be a text, not 0 - put it in quotes: \"0\""),
        ("prompt: a\nlabels: [true, false]", 'put it in quotes: "true"'),
        ("prompt: a\nmetric: 5", 'put it in quotes: "5"'),
    ],
)
def test_a_number_for_a_text_in_a_task_says_what_to_write(tmp_path: Path, line: str, hint: str) -> None:
    (tmp_path / "t.yaml").write_text(f"promptwire: 1\ntask: t\ndata: {{train: a.jsonl}}\n{line}\n")
    with pytest.raises(PipelineError) as caught:
        load_task(str(tmp_path / "t.yaml"))
    assert hint in str(caught.value)
