"""Variants: extends, override and --set, and the line that a message shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import PipelineError
from promptwire.language.file_lookup import FileResolver
from promptwire.language.inheritance import folder_of, resolve, written_value
from tests.sample_project import Project

BASE = """\
promptwire: 1
name: base
doc: the base
inputs: {seed: Prompts}
params: {keep: {type: int, default: 1, min: 1}}
nodes:
  best: {use: pick, prompts: $seed, keep: $keep, policy: ucb}
outputs: {prompt: $best}
"""


def resolved(project: Project, text: str, **patches: Any) -> Any:
    project.write("base.yaml", BASE)
    return resolve(project.write("p.yaml", text).relative_to(project.folder), FileResolver(Path()), patches=patches)


def test_a_variant_is_its_base_with_its_own_keys_and_patches(project: Project) -> None:
    text = """\
promptwire: 1
extends: ./base.yaml
params: {keep: 3, more: 1}
override:
  best: {policy: null, share: 0.25}
  best.prompts: [$seed]
nodes: {extra: {use: mix, prompts: $best}}
outputs: {also: $extra}
"""
    document = resolved(project, text)
    assert document.data == {
        "promptwire": 1,
        "doc": "the base",
        "inputs": {"seed": "Prompts"},
        "params": {"keep": {"type": "int", "default": 3, "min": 1}, "more": 1},
        "nodes": {
            "best": {"use": "pick", "prompts": ["$seed"], "keep": "$keep", "share": 0.25},
            "extra": {"use": "mix", "prompts": "$best"},
        },
        "outputs": {"prompt": "$best", "also": "$extra"},
    }
    assert str(document.location(("nodes", "best", "share"))) == "p.yaml:5:31"
    assert str(document.location(("nodes", "best", "keep"))) == "base.yaml:7:43"


def test_the_command_line_has_precedence_and_is_named_in_messages(project: Project) -> None:
    document = resolved(project, BASE, **{"best.policy": "top", "best.prompts": "[$seed, $seed]", "best.keep": 5})
    assert document.data["nodes"]["best"] == {"use": "pick", "prompts": ["$seed", "$seed"], "keep": 5, "policy": "top"}
    assert str(document.location(("nodes", "best", "policy"))) == "--set best.policy=top"


def test_a_file_name_is_looked_up_from_the_file_that_contains_it(project: Project) -> None:
    project.write("parts/base.yaml", BASE.replace("use: pick", "use: ./x.yaml"))
    path = project.write("p.yaml", "extends: ./parts/base.yaml\noverride: {best.template: t.j2}\n").relative_to(project.folder)
    document = resolve(path, FileResolver(Path()), patches={"best.model": "meta"})
    best = ("nodes", "best")
    folders = [folder_of(document.value_at((*best, key)), document) for key in ("use", "template", "model")]
    assert folders == [Path("parts"), Path(), Path()]


def test_a_variant_may_extend_a_shipped_pipeline_and_another_variant(project: Project) -> None:
    project.write("mid.yaml", "extends: ape\nparams: {n: 3}\n")
    document = resolved(project, "extends: ./mid.yaml\nparams: {draws: 2}\n")
    assert {name: document.data["params"][name]["default"] for name in ("n", "draws")} == {"n": 3, "draws": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("override: {a: 1}", "p.yaml:1:1: 'override' changes the pipeline that is extended, and there is none - write extends: ./base.yaml"),
        ("extends: 3", "p.yaml:1:10: 'extends' names one pipeline file - write ./base.yaml"),
        ("extends: ./p.yaml", "p.yaml:1:10: a pipeline can't extend itself: p.yaml -> p.yaml"),
        ("extends: ./bse.yaml", "p.yaml:1:10: there is no file ./bse.yaml - did you mean 'base.yaml'?"),
        ("extends: ../base.yaml", "p.yaml:1:10: ../base.yaml leads out of the project - start promptwire in a folder that holds both, copy it into PROJECT, "
         "or, if you trust the file that names it, allow its folder: PROMPTWIRE_ALLOW=FOLDER"),
        ("extends: ./base.yaml\noverride: [1]", "p.yaml:2:11: 'override' is a mapping of dotted paths to patches"),
        ("extends: ./base.yaml\nnodes: {best: {use: mix}}",
         "p.yaml:2:9: the extended pipeline already has a node 'best' - change it under override: best: {...}"),
        ("extends: ./base.yaml\noverride: {bst.keep: 3}",
         "p.yaml:2:12: bst.keep: there is no 'bst' in the pipeline - did you mean 'best'?"),
        ("extends: ./base.yaml\noverride: {best.kep: null}",
         "p.yaml:2:12: there is no 'best.kep' to remove - did you mean 'keep'?"),
    ],
)  # fmt: skip
def test_an_invalid_variant_is_reported_with_its_location(project: Project, text: str, expected: str) -> None:
    with pytest.raises(PipelineError) as caught:
        resolved(project, text)
    assert [str(problem).splitlines()[0] for problem in caught.value.problems] == [
        expected.replace("PROJECT", str(project.folder))
    ]


def test_all_wrong_patches_of_the_command_line_are_reported(project: Project) -> None:
    with pytest.raises(PipelineError) as caught:
        resolved(project, BASE, **{"bst.keep": "3", "best.keep": "[", "best.policy": "top"})
    assert [problem.location.file for problem in caught.value.problems] == ["--set bst.keep=3", "--set best.keep=["]


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("no", "no"), ("[1, 2]", [1, 2]), ("a b", "a b"), ("", None), (2.5, 2.5)]
)
def test_a_value_on_the_command_line_is_read_as_yaml(text: Any, value: Any) -> None:
    assert written_value(text, "-p x").data() == value


def test_a_wire_removed_by_a_patch_is_reported_at_the_patch(project: Project) -> None:
    project.write("base.yaml", BASE)
    told = project.told("promptwire: 1\nextends: ./base.yaml\noverride:\n  best: {prompts: null, keep: 2}\n")
    assert "p.yaml:4:10: pick needs 'prompts' (Prompts) - write prompts: $seed" in told
