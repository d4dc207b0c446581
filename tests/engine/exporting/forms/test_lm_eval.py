"""The form `lm-eval`. tests/test_real_exports.py runs its tasks with the real lm-eval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from promptwire.errors import RunError
from promptwire.exporting.exported import Exported
from promptwire.exporting.forms.lm_eval import LmEvalForm
from promptwire.values import Example, Prompt
from tests.sample_exports import made_export, nasty_exports, nasty_fields, nasty_turns, unequal


def task(source: Exported) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(LmEvalForm().write(source).files["task.yaml"])
    return found


@pytest.mark.parametrize("template", ["chat.j2", "system.j2", "completion.j2"])
def test_nasty_texts_arrive_as_the_run_sent_them(tmp_path: Path, template: str) -> None:
    for source in nasty_exports(tmp_path, template):
        assert unequal(source, LmEvalForm()) == (), source.prompt.text


def test_fields_become_columns(tmp_path: Path) -> None:
    source = nasty_fields(tmp_path)
    assert unequal(source, LmEvalForm()) == ()
    assert "{{ question }}" in task(source)["doc_to_text"] and "{{ field_2 }}" in task(source)["doc_to_text"]


def test_conversations_and_runs_without_examples_are_errors(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="can't send messages in this order: system, turns") as found:
        LmEvalForm().write(nasty_turns(tmp_path / "turns"))
    assert found.value.hint == "--to messages and python hold conversations"
    source = made_export(tmp_path / "none", Prompt(text="Say it."), [Example(input="a", outputs=("a",))])
    (tmp_path / "none" / "values.jsonl").write_text("")
    with pytest.raises(RunError, match="kept no held-out ones"):
        LmEvalForm().write(Exported(source.run, source.report, "best", source.prompt, source.pattern, source.record, ()))


def test_the_task_of_a_plain_prompt_reads_like_a_prompt(tmp_path: Path) -> None:
    demo = Example(input="Loved it.", outputs=("positive",))
    tests = [Example(input="Ugh.", outputs=("negative",))]
    source = made_export(
        tmp_path,
        Prompt(text="Name the mood.", demos=(demo,)),
        tests,
        template="system.j2",
        settings={"temperature": 0.0, "max_tokens": 5, "stop": ("\n",), "extra": {"seed": 3}},
    )
    text = LmEvalForm().write(source).files["task.yaml"]
    assert "description: |-\n  Name the mood.\n\n  Input: Loved it.\n  Output: positive\n" in text
    made = task(source)
    assert made["task"] == "promptwire_nasty" and made["doc_to_text"] == "{{ input }}"
    assert made["generation_kwargs"] == {"until": ["\n"], "do_sample": False, "max_gen_toks": 5, "temperature": 0.0, "seed": 3}


def test_what_lm_eval_does_otherwise_is_told(tmp_path: Path) -> None:
    settings = {"stop": tuple("abcde")}
    source = made_export(tmp_path, Prompt(text="Say it."), [Example(input="a", outputs=("a",))], settings=settings)
    told = "\n".join(LmEvalForm().write(source).told)
    for one in ("sends temperature 0", "ends replies at 256 tokens", "the first 4 of 5 texts", "--apply_chat_template"):
        assert one in told
