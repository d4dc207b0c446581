"""The YAML language server finds the schema by the first line of a pipeline."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptwire.cli.scaffold import make_starter
from promptwire.documents import resources
from promptwire.registry.node_types import Registry
from tests.editor.client import Editor

SERVER = Path(__file__).parents[2] / "build/editor/node_modules/yaml-language-server/bin/yaml-language-server"
MISSING = "the YAML language server is not here: `make editor` fetches it, which needs npm"

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not os.environ.get("CI") and not (SERVER.is_file() and shutil.which("node")), reason=MISSING),
]

HEAD = """\
# yaml-language-server: $schema=promptwire.json
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from `promptwire new`."""
    home = tmp_path_factory.mktemp("editor")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        make_starter("mine", "protegi")
    return home / "mine"


@pytest.fixture(scope="module")
def editor(folder: Path) -> Iterator[Editor]:
    """A language server in that folder."""
    assert SERVER.is_file(), MISSING
    made = Editor(["node", str(SERVER), "--stdio"], folder)
    yield made
    made.close()


def write(folder: Path, nodes: str, name: str) -> Path:
    """A pipeline with these lines under `nodes:`, from line 5."""
    path = folder / f"{name}.yaml"
    path.write_text(f"{HEAD}{nodes}outputs: {{prompt: $best}}\n")
    return path


def test_a_new_project_has_no_mistakes_and_uses_its_own_schema(editor: Editor, folder: Path) -> None:
    assert [editor.mistakes(path) for path in sorted(folder.glob("*.yaml"))] == [[], []]
    assert "promptwire.json" in editor.manual(folder / "mine.yaml", 3, 2)


@pytest.mark.parametrize("name", resources.pipelines())
def test_shipped_pipelines_have_no_mistakes(editor: Editor, name: str) -> None:
    assert editor.mistakes(resources.pipeline_path(name)) == []


def test_node_types_are_offered_with_their_description(editor: Editor, folder: Path) -> None:
    path = write(folder, "  best:\n    use: \n", "types")
    editor.mistakes(path)
    offered = editor.offers(path, 6, 10)
    assert offered.keys() >= {name for name in Registry() if ":" not in name}
    assert offered["beam-select"] == Registry()["beam-select"].doc


@pytest.mark.parametrize(
    ("nodes", "line", "column"),
    [
        ("  best:\n    use: beam-select\n    prompts: $seed\n    \n", 8, 5),
        ("  best: {use: beam-select, prompts: $seed, p}\n", 5, 45),
    ],
    ids=["block", "flow"],
)
def test_ports_params_and_engine_keys_of_the_node_type_are_offered(
    editor: Editor, folder: Path, nodes: str, line: int, column: int
) -> None:
    path = write(folder, nodes, f"ports-{line}")
    editor.mistakes(path)
    offered = editor.offers(path, line, column)
    assert offered.keys() >= {"on", "keep", "policy", "pulls", "metric", "cache"}
    assert "prompts" not in offered, "it is there already"
    assert "template" not in editor.offers(path, 2, 1)
    assert offered["keep"] == "How many to keep."


def test_a_hovered_key_shows_its_description(editor: Editor, folder: Path) -> None:
    path = write(folder, "  best: {use: beam-select, prompts: $seed, pulls: 9}\n", "manual")
    editor.mistakes(path)
    assert "pairs of prompt and example" in editor.manual(path, 5, path.read_text().splitlines()[4].index("pulls") + 2)


MISTAKES = [
    ("use: beam-select", "use: beam-slect", 'Valid values: "accept", "beam-select"'),
    ("keep: 2", "keeep: 2", "Property keeep is not allowed."),
    ("keep: 2", "keep: many", 'Expected "integer"'),
    ("keep: 2", "keep: 0", "below the minimum of 1"),
    ("policy: ucb", "policy: upb", 'Valid values: "top", "uniform", "ucb"'),
    ("on: $train", "on: train", "nor a reference such as $seed"),
    ("metric: exact", "template: t.j2, with: {a: 1}", "Property with is not allowed."),
    ("{use: beam-select,", "{use: resample,", "template"),
]


@pytest.mark.parametrize(("good", "bad", "words"), MISTAKES, ids=[bad for _, bad, _ in MISTAKES])
def test_a_mistake_is_reported_in_its_line(editor: Editor, folder: Path, good: str, bad: str, words: str) -> None:
    node = "  best: {use: beam-select, prompts: $some, on: $train, keep: 2, policy: ucb, metric: exact}\n"
    assert good in node
    path = write(
        folder,
        f"  some: {{use: cap, prompts: $seed, per_parent: 3}}\n{node.replace(good, bad)}",
        f"bad-{MISTAKES.index((good, bad, words))}",
    )
    found = editor.mistakes(path)
    assert {line for line, _ in found} == {6}
    assert any(words in message for _, message in found), found
