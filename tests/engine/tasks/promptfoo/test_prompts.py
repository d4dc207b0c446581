"""Prompts in each form: texts, files, chats; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.documents.yaml_reader import dump_yaml, read_yaml
from promptwire.errors import PipelineError
from promptwire.tasks.promptfoo.nunjucks import Ref
from promptwire.tasks.promptfoo.prompts import PromptSource, read_prompts
from promptwire.tasks.promptfoo.source import Folder

Q = Ref(("q",))
CHAT = [{"role": "system", "content": "Hi {{q}}"}, {"role": "user", "content": "{{q}}"}]
READ = [("system", ("Hi ", Q)), ("user", (Q,))]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prompts(given: Any, **files: str) -> tuple[PromptSource, ...]:
    """The prompts of a config; `_` of a file's name stands for the last dot."""
    for name, content in files.items():
        stem, _, suffix = name.rpartition("_")
        Path(f"{stem}.{suffix}").write_text(content, newline="")
    Path("c.yaml").write_text(dump_yaml({"prompts": given}))
    root = read_yaml("c.yaml").root
    return read_prompts(root, Folder(Path(), root))


def parts(found: tuple[PromptSource, ...]) -> list[list[tuple[str, Any]]]:
    return [[(message.role, message.parts) for message in prompt.messages] for prompt in found]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("one {{q}}", [[("user", ("one ", Q))]]),
        (["one {{q}}\n", "yes/no: {{q}} *"], [[("user", ("one ", Q, "\n"))], [("user", ("yes/no: ", Q, " *"))]]),
        ([{"id": "x", "raw": "{{q}}", "label": "l"}], [[("user", (Q,))]]),
        ([{"id": "{{q}}", "label": "l"}], [[("user", (Q,))]]),
        ({"one {{q}}": "label"}, [[("user", ("one ", Q))]]),
        ([json.dumps(CHAT)], [READ]),
        ([CHAT], [READ]),
        (["- role: system\n  content: Hi {{q}}\n- role: user\n  content: '{{q}}'\n"], [READ]),
        (['[{"role": "user", "content": {{ q | dump }}}]'], [[("user", (Q,))]]),
        ([[{"role": "developer", "content": "d"}, {"role": "user", "content": [{"type": "text", "text": "{{q}}"}]}]], [[("system", ("d",)), ("user", (Q,))]]),
    ],
)  # fmt: skip
def test_prompts_in_the_config_have_these_messages(given: Any, wanted: list[list[tuple[str, Any]]]) -> None:
    assert parts(prompts(given)) == wanted


@pytest.mark.parametrize(
    ("name", "content", "wanted", "line"),
    [
        ("p_txt", "\n one {{q}} \r\n---\n\n---\ntwo\n{{q}}\n", [[("user", ("one ", Q))], [("user", ("two\n", Q))]], 2),
        ("p_md", "\n# one {{q}}\n", [[("user", ("\n# one ", Q, "\n"))]], 1),
        ("p_j2", "{{q}}", [[("user", (Q,))]], 1),
        ("p_json", json.dumps(CHAT), [READ], 1),
        ("p_jsonl", f"{json.dumps(CHAT)}\n\n{json.dumps(CHAT[1:])}\n", [READ, READ[1:]], 1),
        ("p_yaml", dump_yaml(CHAT), [READ], 1),
        ("p_csv", 'label,prompt\nx,"a, {{q}}"\ny,{{q}}\n', [[("user", ("a, ", Q))], [("user", (Q,))]], 2),
    ],
)
def test_prompts_in_files_have_these_messages_and_know_their_lines(
    name: str, content: str, wanted: list[list[tuple[str, Any]]], line: int
) -> None:
    file = name.replace("_", ".")
    for given in (f"file://{file}", file, f"file://{file[:1]}*{file[1:]}"):
        found = prompts([given], **{name: content})
        assert parts(found) == wanted
        assert (found[0].where.file, found[0].where.line) == (file, line)


REFUSED: dict[str, tuple[Any, dict[str, str], str]] = {
    "a missing file": (["file://p.txt"], {}, "c.yaml:1:11: there is no file 'p.txt'"),
    "a kind of file": (["file://p.pdf"], {"p_pdf": "x"}, "'p.pdf' is of no kind of prompt file"),
    "a table without the column": (["file://p.csv"], {"p_csv": "a\nb\n"}, "p.csv:1:1: the table has no column 'prompt'"),
    "a text in YAML": (["file://p.yaml"], {"p_yaml": "just text\n"}, "p.yaml:1:1: the YAML file holds a text"),
    "a mapping in JSON": (['{"q": "{{q}}"}'], {}, "the prompt is JSON, but a mapping instead of messages"),
    "messages that are no JSON": (['[{"role": "user", "content": {{q}}}]'], {}, "looks like messages, but is not JSON"),
    "an unknown role": ([[{"role": "tool", "content": "x"}]], {}, "the role 'tool' is unknown"),
    "a role that is a list": ([[{"role": ["user"], "content": "x"}]], {}, "is unknown"),
    "a call of a tool": ([[{"role": "user", "content": "x", "tool_calls": []}]], {}, "a message with 'tool_calls' can't be sent as text"),
    "a message without content": ([[{"role": "user"}]], {}, "a message has a role and a content"),
    "no messages": (["[]"], {}, "the prompt holds no messages"),
    "an unknown key": ([{"raw": "{{q}}", "lable": "l"}], {}, "a prompt has no key 'lable' - did you mean 'label'?"),
    "a loop below the first line of a file": (["file://p.md"], {"p_md": "one\n  {% for x in y %}\n"}, "p.md:2:3: {% for x in y %} has no counterpart"),
    "a control character": (["file://p.md"], {"p_md": "{{ a\x1b[31m }}"}, "p.md:1:1: {{ a\ufffd"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_prompt_without_counterpart_is_one_error_with_its_place(case: str) -> None:
    given, files, words = REFUSED[case]
    with pytest.raises(PipelineError) as caught:
        prompts(given, **files)
    assert words in str(caught.value)
