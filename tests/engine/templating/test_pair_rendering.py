"""Rendering once per prompt: the same texts as one rendering per pair, for every template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import promptwire
from promptwire.errors import PipelineError
from promptwire.templating import sandbox
from promptwire.templating.pair_rendering import PairRenderer
from promptwire.templating.task_request import TaskForm, joined_slots
from promptwire.templating.template import load_template
from promptwire.values import Example, Prompt

SHIPPED = sorted((Path(promptwire.__file__).parents[1] / "templates" / "task").glob("*.j2"))
TEXT = st.text(max_size=12) | st.sampled_from(["", "\n", "{{ example }}", "--- user ---", "\n\nx\n", "\0", "é\ud83d"])
PROMPTS = st.builds(Prompt, text=TEXT, demos=st.lists(st.builds(Example, input=TEXT, outputs=st.tuples(TEXT)), max_size=2))
EXAMPLES = st.builds(Example, input=TEXT | st.fixed_dictionaries({"q": TEXT, "items": TEXT}), outputs=st.tuples(TEXT))
SHARED = [
    "{{ prompt }}\n{{ example }}\n",
    "{{ example }}{{ prompt }}{{ example }}",
    "\n\n{{ input }}\n\n",
    "{% for demo in demos %}{{ demo }}|{% endfor %}{{ input }} {{ labels | join(',') }}",
    "{{ prompt }} {{ input.q }} and {{ input.q }}",
    "--- system ---\n{{ prompt }}\n--- user ---\n{{ example }}\n",
    "---\nmode: completion\n---\n{{ prompt }}{{ input }}\n",
]
OWN = [
    "{{ prompt }}{% if input %}{{ input }}{% endif %}",
    "{{ prompt }}{{ input | upper }}",
    "{{ prompt }}{% for word in input %}{{ word }}{% endfor %}",
    "{% set input = 'x' %}{{ prompt }}{{ input }}",
    "{{ prompt }}{{ input ~ '!' }}",
    "{{ prompt }}{{ example.text }}{{ example.output }}",
    "{{ prompt }}{% macro shown() %}{{ example }}{% endmacro %}{{ shown() }}",
    "{{ prompt }}{{ input.q }}{{ input }}",
    "{{ prompt }}{{ input.items }}",
    "{{ prompt }}{{ input['q'] }}",
]


def outcome(render: Any) -> Any:
    """The rendered request, or the problem."""
    try:
        return render()
    except PipelineError as error:
        return str(error)


@pytest.mark.parametrize("source", [*SHARED, *OWN])
@settings(max_examples=30)
@given(PROMPTS, st.lists(EXAMPLES, min_size=1, max_size=3))
def test_every_pair_is_rendered_as_it_is_alone(
    tmp_path_factory: Any, source: str, prompt: Prompt, examples: list[Example]
) -> None:
    path = tmp_path_factory.getbasetemp() / "t.j2"
    path.write_text(source, encoding="utf-8")
    template = load_template(path)
    pairs = PairRenderer(template, TaskForm(("a", "b")))
    for example in examples:
        alone = outcome(lambda one=example: template.render(joined_slots(prompt, one, ("a", "b"))))
        assert outcome(lambda one=example: pairs.render(prompt, one)) == alone


def renderings(monkeypatch: pytest.MonkeyPatch, path: Path) -> int:
    """How often the sandbox renders the template for one prompt on 50 examples."""
    template, counted = load_template(path), []
    real = sandbox.pieces_of
    monkeypatch.setattr("promptwire.templating.template.pieces_of", lambda *args: (counted.append(1), real(*args))[1])
    pairs, prompt = PairRenderer(template, TaskForm()), Prompt(text="p")
    for number in range(50):
        pairs.render(prompt, Example(input={"q": f"{number}", "items": "x"} if "input." in path.read_text() else f"{number}"))
    return len(counted) // len(template.parts)


@pytest.mark.parametrize("source", SHARED)
def test_a_template_that_shows_the_example_as_it_is_is_rendered_once_per_prompt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    (tmp_path / "t.j2").write_text(source)
    assert renderings(monkeypatch, tmp_path / "t.j2") == 1


@pytest.mark.parametrize("source", OWN[:6])
def test_a_template_that_does_more_with_the_example_is_rendered_for_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    (tmp_path / "t.j2").write_text(source)
    assert renderings(monkeypatch, tmp_path / "t.j2") >= 50


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_task_templates_are_rendered_once_per_prompt(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    each = path.stem == "judge" or path.stem.startswith("conversation")  # the latter only for conversations
    assert each or renderings(monkeypatch, path) == 1


def test_equal_prompts_with_other_marks_are_rendered_apart(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ prompt.marks.visits }}{{ example }}")
    pairs = PairRenderer(load_template(tmp_path / "t.j2"), TaskForm())
    shown = [pairs.render(Prompt(text="p", marks={"visits": visits}), Example(input="x")) for visits in (1, 2)]
    assert shown[0] != shown[1]


def test_a_long_example_meets_the_limits_of_a_rendering(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ prompt }}{{ example }}")
    pairs = PairRenderer(load_template(tmp_path / "t.j2"), TaskForm())
    assert len(pairs.render(Prompt(text="p"), Example(input="x" * 2_000_000)).messages[0].content) == 2_000_001
    with pytest.raises(PipelineError, match="characters"):
        pairs.render(Prompt(text="p"), Example(input="x" * 5_000_000))
