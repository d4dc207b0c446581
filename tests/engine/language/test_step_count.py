"""Refusing pipelines with too many steps, before they are built."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.language import builder, opening, step_count
from promptwire.language.step_count import MAX_STEPS
from tests.sample_project import Project

TWO = """\
promptwire: 1
inputs: {seed: Prompts}
nodes:
  a: {use: %s, %s: $seed}
  b: {use: %s, %s: $a}
outputs: {prompt: $b}
"""
PATCHED = """\
promptwire: 1
inputs: {seed: Prompts}
nodes:
  a: {use: ./f%d.yaml, seed: $seed, override: {b.when: true}}
  b: {use: ./f%d.yaml, seed: $a, override: {b.when: true}}
outputs: {prompt: $b}
"""


def tower(project: Project, levels: int) -> str:
    """A pipeline over `levels` files, each of which uses the one below it twice: 2 ** (levels + 2) - 2 steps."""
    project.write("f0.yaml", TWO % (("mix", "prompts") * 2))
    for number in range(1, levels):
        project.write(f"f{number}.yaml", TWO % ((f"./f{number - 1}.yaml", "seed") * 2))
    return TWO % ((f"./f{levels - 1}.yaml", "seed") * 2)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read."""
    names: list[str] = []
    whole = opening.resolve

    def counted(path: Path, *args: object, **kwargs: object) -> object:
        names.append(path.name)
        return whole(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(opening, "resolve", counted)
    return names


def test_a_doubling_is_refused_before_any_step_is_built(
    project: Project, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def built(*_: object) -> None:
        raise AssertionError("a step was built")

    monkeypatch.setattr(builder, "_build_step", built)
    assert project.told(tower(project, 60)) == [
        f"p.yaml:4:3: the graph has more than {MAX_STEPS} steps - use a loop in place of pipelines that contain pipelines"
    ]
    assert len(read) == len(set(read)) == 61


@pytest.mark.parametrize(("most", "refused"), [(62, []), (61, ["p.yaml:5:3"]), (31, ["p.yaml:5:3"]), (30, ["p.yaml:4:3"])])
def test_the_largest_number_of_steps_is_allowed_and_one_more_is_not(
    project: Project, monkeypatch: pytest.MonkeyPatch, most: int, refused: list[str]
) -> None:
    monkeypatch.setattr(step_count, "MAX_STEPS", most)
    told = project.told(tower(project, 4))
    assert [line[: len("p.yaml:4:3")] for line in told] == refused, told
    assert all(f"more than {most} steps" in line for line in told)


@pytest.mark.parametrize(
    "nodes",
    [
        "  a: {repeat: 2, carry: {s: {start: $seed, next: $c}}, nodes: {b: {use: mix, prompts: $s}, c: {use: mix, prompts: $b}}}",
        "  a: {each: {p: $seed}, nodes: {b: {use: mix, prompts: $seed}, c: {use: mix, prompts: $b}}, outputs: {s: $c}}",
    ],
)
def test_steps_in_loops_are_counted(project: Project, monkeypatch: pytest.MonkeyPatch, nodes: str) -> None:
    text = f"promptwire: 1\ninputs: {{seed: Prompts}}\nnodes:\n{nodes}\noutputs: {{prompt: $a.s}}\n"
    monkeypatch.setattr(step_count, "MAX_STEPS", 3)
    assert project.told(text) == []
    monkeypatch.setattr(step_count, "MAX_STEPS", 2)
    assert [line.split(" - ")[0] for line in project.told(text)] == ["p.yaml:4:3: the graph has more than 2 steps"]


def test_a_file_that_is_patched_is_counted_with_its_patches(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("f0.yaml", TWO % (("mix", "prompts") * 2))
    patch = "override: {c: {use: mix, prompts: $b}, outputs: {prompt: $c}}"
    nodes = f"  d: {{use: ./f0.yaml, seed: $seed}}\n  e: {{use: ./f0.yaml, seed: $d, {patch}}}\n"
    text = f"promptwire: 1\ninputs: {{seed: Prompts}}\nnodes:\n{nodes}outputs: {{prompt: $e}}\n"
    monkeypatch.setattr(step_count, "MAX_STEPS", 7)
    assert project.told(text) == []
    monkeypatch.setattr(step_count, "MAX_STEPS", 6)
    assert [line.split(" - ")[0] for line in project.told(text)] == ["p.yaml:5:3: the graph has more than 6 steps"]


def test_a_doubling_of_patched_files_ends_early_too(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_count, "MAX_STEPS", 100)
    project.write("f0.yaml", TWO % (("mix", "prompts") * 2))
    for number in range(1, 12):
        project.write(f"f{number}.yaml", PATCHED % (number - 1, number - 1))
    told = project.told(PATCHED % (11, 11))
    assert [line.split(" - ")[0] for line in told] == ["p.yaml:4:3: the graph has more than 100 steps"]


def test_a_faulty_file_is_told_after_the_errors_of_the_file_that_uses_it(project: Project) -> None:
    project.write("inner.yaml", "promptwire: 1\nnodes: {x: {use: mix, prompts: $seed}}\n")
    told = project.told(TWO % ("mixx", "prompts", "./inner.yaml", "seed"))
    assert list(dict.fromkeys(line.split(":")[0] for line in told)) == ["p.yaml", "inner.yaml"], told
