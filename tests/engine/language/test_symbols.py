"""Symbol tables and diagnostics."""

from __future__ import annotations

import pytest

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import Location
from promptwire.language.check import check
from promptwire.language.diagnostics import Diagnostics
from promptwire.language.symbols import Kind, Symbol, SymbolTable, inner_name_hint, referenced_names
from tests.sample_project import Project


def at(line: int, file: str = "f") -> Location:
    return Location(file, line, 1)


def test_a_name_is_found_in_enclosing_scopes_only() -> None:
    outer, diagnostics = SymbolTable(), Diagnostics()
    inner = SymbolTable(outer)
    outer.declare(Symbol("a", "input", at(1)), diagnostics)
    inner.declare(Symbol("b", "state", at(2)), diagnostics)
    assert inner.find("a") is outer.own["a"]
    assert outer.find("b") is None
    assert [symbol.name for symbol in inner.visible()] == ["b", "a"]


def test_a_second_declaration_of_a_name_is_an_error() -> None:
    outer, diagnostics = SymbolTable(), Diagnostics()
    outer.declare(Symbol("a", "input", at(1)), diagnostics)
    SymbolTable(outer).declare(Symbol("a", "node", at(2)), diagnostics)
    SymbolTable(outer).declare(Symbol("a", "node", at(3, "g")), diagnostics)
    assert [problem.message for problem in diagnostics.sorted()] == [
        "the name 'a' is already an input (line 1)",
        "the name 'a' is already an input (f:1:1)",
    ]


@pytest.mark.parametrize("kind", ["state", "variable"])
def test_state_or_variable_hides_a_name_outside_but_not_beside_it(kind: Kind) -> None:
    outer, diagnostics = SymbolTable(), Diagnostics()
    outer.declare(Symbol("a", "input", at(1)), diagnostics)
    inner, state = SymbolTable(outer), Symbol("a", kind, at(2))
    inner.declare(state, diagnostics)
    assert inner.find("a") is state
    assert list(inner.visible()) == [state]
    assert not diagnostics.sorted()
    inner.declare(Symbol("a", "node", at(3)), diagnostics)
    assert [problem.message for problem in diagnostics.sorted()] == [f"the name 'a' is already a {kind} (line 2)"]


def test_the_nearest_name_is_suggested_and_long_lists_are_not() -> None:
    names, diagnostics = SymbolTable(), Diagnostics()
    for name in ("beam", "seed"):
        names.declare(Symbol(name, "input", at(1)), diagnostics)
    assert names.nearest("bean") == "did you mean '$beam'?"
    assert names.nearest("zzz") == "names here: $beam, $seed"
    for number in range(20):
        names.declare(Symbol(f"x{number}", "node", at(1)), diagnostics)
    assert names.nearest("qqqqq") == ""


def test_only_whole_references_count_as_references() -> None:
    root = read_yaml_text("{a: $x, b: [$y.z, $$no, 'say $no'], c: {d: $w}, $k: 1}", "f").root
    assert list(referenced_names(root)) == ["x", "y", "w"]


def test_a_name_inside_a_loop_or_each_gets_a_hint() -> None:
    text = (
        "loop: {repeat: 2, carry: {state: {start: $a, next: $b}}, nodes: {b: {use: x}, deep: {each: {e: $b}, nodes: {c: {use: x}},"
        " outputs: {all: $c}}}}\n"
    )
    nodes = read_yaml_text(text, "p.yaml").root
    assert inner_name_hint(nodes, "state") == "it is a state of the loop 'loop': outside the loop write $loop.state"
    assert inner_name_hint(nodes, "b") == "it is inside 'loop'; visible outside: $loop.state"
    assert inner_name_hint(nodes, "c") == "it is inside 'deep'; visible outside: $deep.all"
    assert inner_name_hint(nodes, "loop") == ""


CLASHES = """
promptwire: 1
inputs: {seed: Prompts, train: Examples}
params: {most: 3}
nodes:
  few:    {use: sample, of: $train, n: 10}
  scores: {use: evaluate, prompts: $seed, on: $few}
  wrong:  {use: failures, of: $scores}
  start:  {use: beam-select, prompts: $seed, scores: $scores, keep: 1}
  search:
    repeat: $most
    until: $flat.none
    carry: {beam: {start: $start, next: $best}}
    nodes:
      why:  {use: critique-gradient, of: $wrong, template: protegi/gradient.j2}
      new:  {use: edit, critiques: $why, template: protegi/edit.j2}
      best: {use: beam-select, prompts: [$beam, $new], on: $few, keep: $most}
      flat: {use: count, of: $new}
outputs: {prompt: $search.beam}
"""


@pytest.mark.parametrize(
    ("line", "clash"),
    [
        ("train:  {use: sample, of: $train, n: 10}", "'train' is already an input"),
        ("most:   {use: beam-select, prompts: $seed, on: $train, keep: $most}", "'most' is already a param"),
        ("    beam: {use: resample, prompts: $beam, template: ape/paraphrase.j2, n: 3}", "'beam' is already a state"),
        ("    most: {use: take, of: $new, n: $most}", "'most' is already a param"),
        ("    few:  {use: sample, of: $few, n: $most}", "'few' is already a node"),
        ("    scores: {use: failures, of: $scores, when: $scores}", "'scores' is already a node"),
        ("    search: {use: take, of: $beam, n: 1}", "'search' is already a node"),
    ],
)
def test_a_name_that_is_declared_twice_is_one_error(project: Project, line: str, clash: str) -> None:
    after = "flat: {use: count, of: $new}" if line.startswith(" ") else "few:    {use: sample, of: $train, n: 10}"
    told = []
    for text in (CLASHES, CLASHES.replace(after, f"{after}\n  {line}")):
        project.write("p.yaml", text)
        told.append([problem.message for problem in check("p.yaml").problems])
    assert (told[0], [clash in one for one in told[1]]) == ([], [True]), told[1]
