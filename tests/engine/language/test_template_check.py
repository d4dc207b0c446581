"""Checks of templates before a run."""

from __future__ import annotations

import pytest

from tests.sample_project import Project

PIPELINE = """\
promptwire: 1
inputs: {{seed: Prompts}}
nodes:
  x: {{use: write, prompts: $seed, n: 2, template: a/t.j2{more}}}
outputs: {{prompt: $x}}
"""


@pytest.mark.parametrize(
    ("template", "more", "expected"),
    [
        ("{{ n }}{{ demos }}", "",
         "p.yaml:4:51: template a/t.j2 uses 'demos', which node 'x' does not provide (it has: n, prompts) - give it under with: {demos: ...}"),
        ("{{ n }}{{ prompt }}", "",
         "p.yaml:4:51: template a/t.j2 uses 'prompt', which node 'x' does not provide (it has: n, prompts) - did you mean 'prompts'?"),
        ("{% from 'm.j2' import m %}{{ prompts }}", "", "a/t.j2:1:1: the template can't be rendered: a template can't import, include or extend another one"),
        ("{% if %}", "", "a/t.j2:1:1: Jinja: Expected an expression, got 'end of statement block'"),
        ("{{ prompts }}", ", with: {log: $seed}", "p.yaml:4:66: warning: template a/t.j2 does not use 'log'"),
        ("{{ prompts }}", ", with: {n: $seed}", "p.yaml:4:66: write already gives its template 'n' - choose another name"),
        ("{{ n }}", "", "p.yaml:4:19: warning: template a/t.j2 does not show 'prompts'|p.yaml:4:51: template a/t.j2 shows none of the variables of write - it can show: prompts"),
        ("{{ prompts }}{{ asked('<INS>', prompts[0]) }}", "", ""),
        ("{% if prompts %}{{ choice(prompts) }}{{ uniform(0, 1) }}{{ log(n) }}{% endif %}", "", ""),
        ("{{ prompts }}{{ log }}", "", "a/t.j2:1:17: the template can't be rendered: 'log' is a function, write log(...); a variable of that name is given under with:"),
        ("{{ prompts }}{{ log | length }}", ", with: {log: $seed}", ""),
        ("---\nparse: {tag: NEW}\n---\n{{ prompts }} Put it into <new></new>.", "", ""),
        ("---\nparse: {open: ((, close: ))}\n---\n{{ prompts }} Put it between (( and )).", "", ""),
        ("---\nparse: {tag: PROMT}\n---\n{{ prompts }} Put it into <PROMPT></PROMPT>.", "",
         "p.yaml:4:51: warning: template a/t.j2 reads its answer after '<PROMT>', but does not mention that mark - it mentions '<prompt>'"),
        ("---\nparse: {tag: NEW}\n---\n{{ prompts }} Write a new one.", "",
         "p.yaml:4:51: warning: template a/t.j2 reads its answer after '<NEW>', but does not mention that mark - ask for the answer between <NEW> and </NEW>"),
        ("---\nparse: {tga: START}\n---\n{{ n }}", "", "a/t.j2:2:9: unknown key 'tga' in the front matter's `parse` - did you mean 'tag'?"),
    ],
)  # fmt: skip
def test_an_unsuitable_template_is_reported(project: Project, template: str, more: str, expected: str) -> None:
    project.write("a/t.j2", template)
    told = project.told(PIPELINE.format(more=more))
    if "front matter" in expected:
        assert [line.split(" in ")[0] for line in told] == [expected.split(" in ")[0]]
    else:
        assert told == (expected.split("|") if expected else [])


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ prompt }} {{ example }}", ""),
        ("{{ prompt.text }} {{ input.question }}", ""),
        ("{{ example }}", "template a/t.j2 does not show the prompt - all prompts would score alike"),
        ("{{ prompt }} {{ example }} {{ choice([1]) }}", "template a/t.j2 draws at random (choice) - a template that scores asks all prompts alike"),
        ("{{ prompt }} {{ labels }}", "template a/t.j2 does not show the input - all prompts would score alike"),
        ("{{ prompt }} {{ exampel }}", "template a/t.j2 uses 'exampel', which node 'x' does not provide (it has: demos, example, input, labels, prompt) - did you mean 'example'?"),
    ],
)  # fmt: skip
def test_a_task_template_shows_prompt_and_input(project: Project, template: str, expected: str) -> None:
    project.write("a/t.j2", template)
    nodes = "nodes: {x: {use: grade, prompts: $seed, on: $train, template: a/t.j2}, y: {use: note, scores: $x}}"
    text = f"promptwire: 1\ninputs: {{seed: Prompts, train: Examples}}\n{nodes}\noutputs: {{prompt: $seed, log: $y}}\n"
    assert [line.partition(": ")[2] for line in project.told(text)] == ([expected] if expected else [])


def test_a_misspelt_attribute_is_found_by_a_dry_run(project: Project) -> None:
    project.write("a/t.j2", "line one\n{% for p in prompts %}{{ p.txt }}{% endfor %}{{ n }}")
    (line,) = project.told(PIPELINE.format(more=""))
    assert line == "a/t.j2:2:28: the template can't be rendered: Prompt has no 'txt' - did you mean 'text'?"


def test_with_variables_have_the_types_of_their_wires(project: Project) -> None:
    project.write("a/t.j2", "{{ prompts }}{% for p in more %}{{ p.text }}{% endfor %}")
    assert project.told(PIPELINE.format(more=", with: {more: $seed}")) == []
    project.write("a/t.j2", "{{ prompts }}{% for p in more %}{{ p.txt }}{% endfor %}")
    assert "'txt'" in project.told(PIPELINE.format(more=", with: {more: $seed}"))[0]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ prompts }}", ""),
        ("--- user ---\n{{ prompts }}", ""),
        ("--- system ---\n{{ prompts }}\n--- user ---\nGo.", "has several messages"),
        ("---\nmode: completion\n---\n{{ prompts }}", "is a completion"),
        ("---\nsettings: {temperature: 0}\n---\n{{ prompts }}", "has sampling settings"),
        ("---\nparse: {line: last, fallback: retry}\n---\n{{ prompts }}", "has the fallback 'retry'"),
    ],
)
def test_what_only_a_template_for_a_model_can_have_is_an_error_without_one(
    project: Project, template: str, expected: str
) -> None:
    project.write("a/t.j2", template)
    told = project.told(PIPELINE.format(more="").replace("write", "tell"))
    line = f"p.yaml:4:50: template a/t.j2 {expected}, but this step calls no model - the step takes the rendered text itself"
    assert told == ([line] if expected else [])


def test_a_template_without_a_model_is_rendered_by_the_check(project: Project) -> None:
    project.write("a/t.j2", "{% for p in prompts %}{{ p.txt }}{% endfor %}")
    (line,) = project.told(PIPELINE.format(more="").replace("write", "tell"))
    assert line.startswith("a/t.j2:1:28: the template can't be rendered: Prompt has no 'txt'")
