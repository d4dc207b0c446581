"""Templates that are rendered without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import NodeError, PipelineError, ReplyError
from promptwire.graph.steps import CallStep, LiteralValue, Ref, TemplateSpec
from promptwire.node import Context, NodeType, node
from promptwire.running.scheduler import run_graph
from promptwire.values import Model, Prompt
from tests.engine.sample_session import PLACE, Nothing, graph, session


class In(Model):
    """A prompt to show."""

    prompt: Prompt
    """The prompt."""


class Told(Model):
    """Outputs of the node."""

    texts: list[str]
    """The texts."""


@node(slots=In, renders=True)
async def tell(inputs: In, params: Nothing, context: Context) -> Told:
    """Render a template twice."""
    return Told(texts=[*context.render(inputs), *context.render(inputs)])


@node(slots=In, renders=True, named=True)
async def parts(inputs: In, params: Nothing, context: Context) -> Told:
    """Render the named texts of a template."""
    return Told(texts=[f"{name}={text}" for name, texts in context.render_named(inputs).items() for text in texts])


@node()
async def blind(inputs: In, params: Nothing, context: Context) -> Told:
    """Render without having declared it."""
    return Told(texts=[*context.render(inputs)])


async def told(folder: Path, template: str, *, kind: NodeType = tell, **given: Any) -> list[str]:
    """What the node reads in `template`."""
    path = folder / "t.j2"
    path.write_text(template)
    spec = TemplateSpec(str(path), {name: LiteralValue(value) for name, value in given.items()})
    step = CallStep(
        "x",
        "x",
        PLACE,
        frozenset(),
        type=kind,
        wires={"prompt": LiteralValue(Prompt(text="Sort it."))},
        params={},
        asking=None,
        rendering=spec if kind.renders else None,
    )
    run = session(ScriptedBackend(lambda request, sample: "no"))
    found = await run_graph(graph(step, outputs={"out": Ref("x")}, types={"out": list}), {}, run)
    assert run.gateway.usage.steps == {}
    return list(found["out"])


async def test_the_text_is_the_result_and_no_call_is_made(tmp_path: Path) -> None:
    assert await told(tmp_path, "Do: {{ prompt }} {{ more }}", more=3) == ["Do: Sort it. 3"] * 2


async def test_the_rule_of_the_template_reads_several_texts(tmp_path: Path) -> None:
    assert await told(tmp_path, "---\nparse: {line: last, all: true}\n---\n{{ prompt }}\nb") == ["Sort it.", "b"] * 2


async def test_the_request_of_the_task_can_be_shown(tmp_path: Path) -> None:
    assert "Sort it." in (await told(tmp_path, "{{ asked(prompt, 'x') }}"))[0]


async def test_an_empty_text_gives_nothing(tmp_path: Path) -> None:
    assert await told(tmp_path, "{% if false %}{{ prompt }}{% endif %}") == []


async def test_a_text_without_the_mark_can_be_an_error_that_shows_it(tmp_path: Path) -> None:
    with pytest.raises(ReplyError, match=r"x \(.*t\.j2\): nothing could be read out of the rendered text 'Sort it\.'"):
        await told(tmp_path, "---\nparse: {tag: NEW, fallback: error}\n---\n{{ prompt }}")


async def test_an_error_in_the_template_names_the_node(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"can't be rendered: division by zero \(node 'x'\)"):
        await told(tmp_path, "{{ prompt }}{{ 1 / 0 }}")


async def test_a_node_that_did_not_declare_it_renders_nothing(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="was not declared to render a template"):
        await told(tmp_path, "{{ prompt }}", kind=blind)


async def test_each_rendering_draws_anew_and_a_second_run_draws_the_same(tmp_path: Path) -> None:
    text = "{{ prompt }} {{ uniform(0, 1) }}"
    first = await told(tmp_path, text)
    assert first[0] != first[1]
    assert await told(tmp_path, text) == first


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ prompt }}", ["=Sort it."]),
        ("{{ prompt }}\n--- persona ---\nA {{ more }}\nclerk.\n", ["=Sort it.", "persona=A 3\nclerk."]),
        ("--- unit ---\n{{ prompt }}", ["unit=Sort it."]),
        ("---\nparse: {line: last, all: true}\n---\na\nb\n--- c ---\nd\ne", ["=a", "=b", "c=d\ne"]),
        ("{{ prompt }}\n{{ '--- a ---' }}\n--- b ---\n", ["=Sort it.\n--- a ---", "b="]),
    ],
)
async def test_a_line_with_a_name_starts_a_text_of_its_own(tmp_path: Path, template: str, expected: list[str]) -> None:
    """Lines that a value or an expression writes start nothing. `parse` reads the first text only."""
    assert await told(tmp_path, template, kind=parts, more=3) == expected


async def test_for_other_nodes_such_a_line_is_text(tmp_path: Path) -> None:
    assert (await told(tmp_path, "{{ prompt }}\n--- persona ---\nclerk"))[0] == "Sort it.\n--- persona ---\nclerk"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a\n--- Persona ---\nb", "t.j2:2:1: '--- Persona ---' starts no named text"),
        ("a\n-- persona --\nb", "t.j2:2:1: '-- persona --' starts no named text"),
        ("a\n--- user ---\nb", "'--- user ---' is for requests to a model, and this step calls none"),
        ("a\n--- b ---\nb\n--- b ---\nc", "t.j2:4:1: the text 'b' is there twice"),
        ("a\n--- items ---\nb", "'items' can't be a name"),
    ],
)
async def test_a_line_that_is_nearly_such_a_line_is_an_error(tmp_path: Path, template: str, expected: str) -> None:
    with pytest.raises(PipelineError, match=expected):
        await told(tmp_path, template, kind=parts)
