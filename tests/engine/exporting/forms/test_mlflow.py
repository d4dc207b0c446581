"""The form `mlflow`; MLflow itself fills in what was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import RunError, UsageError
from promptwire.exporting.exported import Exported
from promptwire.exporting.forms.mlflow import MlflowForm
from promptwire.values import Example, Prompt
from tests.sample_exports import made_export, nasty_exports, nasty_fields, nasty_turns, unequal


@pytest.fixture(autouse=True)
def _no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def written(source: Exported) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MlflowForm().write(source).files["prompt.json"])
    return found


@pytest.mark.parametrize("template", ["chat.j2", "completion.j2"])
def test_nasty_texts_arrive_as_the_run_sent_them(tmp_path: Path, template: str) -> None:
    for source in nasty_exports(tmp_path, template):
        assert unequal(source, MlflowForm()) == (), source.prompt.text


def test_line_breaks_around_an_input_that_is_a_message_of_its_own_are_sent_and_told(tmp_path: Path) -> None:
    for source in nasty_exports(tmp_path, "system.j2")[:9]:
        assert [one.example.input for one in unequal(source, MlflowForm())] == ["\nline breaks around\n\n"]
        assert any("begins or ends with a line break" in one for one in MlflowForm().write(source).told)


def test_fields_become_placeholders_that_mlflow_knows(tmp_path: Path) -> None:
    source = nasty_fields(tmp_path)
    assert unequal(source, MlflowForm()) == ()
    assert any("field_2 is 'two words'" in one for one in MlflowForm().write(source).told)


def test_a_value_that_names_another_field_is_not_filled_in_again(tmp_path: Path) -> None:
    demo = Example(input={"a": "1", "b": "2"}, outputs=("3",))
    tests = [Example(input={"a": "{{ b }}", "b": "x"}, outputs=("y",))]
    assert unequal(made_export(tmp_path, Prompt(text="Add.", demos=(demo,)), tests), MlflowForm()) == ()


def test_a_conversation_follows_the_registered_messages(tmp_path: Path) -> None:
    source = nasty_turns(tmp_path / "system")
    assert unequal(source, MlflowForm()) == ()
    assert any("go before the conversation" in one for one in MlflowForm().write(source).told)
    with pytest.raises(RunError, match="no place for a conversation"):
        MlflowForm().write(nasty_turns(tmp_path / "user", "conversation.j2"))


def test_a_plain_prompt_is_registered_with_its_score_and_settings(tmp_path: Path) -> None:
    settings = {"temperature": 0.0, "max_tokens": 5, "stop": ("\n",), "extra": {"seed": 3}}
    source = made_export(tmp_path / "run", Prompt(text="Say it."), [Example(input="a", outputs=("a",))], settings=settings)
    made = written(source)
    assert made["template"] == [{"role": "user", "content": "Say it.\n\nInput: {{ input }}\nOutput:"}]
    assert made["model_config"] == {
        "provider": "openai",
        "model_name": "gpt-4o-mini",
        "temperature": 0.0,
        "max_tokens": 5,
        "stop_sequences": ["\n"],
        "seed": 3,
    }
    assert made["tags"]["promptwire_run"] == "run" and made["tags"]["promptwire_score"] == "0.5"


@pytest.mark.parametrize("text", ["{{ x }}", "{% if x %}", "{{x}} {%", "%} {%"])
def test_a_prompt_with_marks_of_mlflow_is_written_as_a_template_of_jinja(tmp_path: Path, text: str) -> None:
    source = made_export(tmp_path, Prompt(text=text), [Example(input="a", outputs=("a",))])
    assert unequal(source, MlflowForm()) == ()
    assert written(source)["template"][0]["content"].startswith("{% raw %}{% endraw %}")


def test_without_an_address_and_with_a_name_that_mlflow_refuses_the_error_says_what_to_write(tmp_path: Path) -> None:
    source = made_export(tmp_path / "run", Prompt(text="Say it."), [Example(input="a", outputs=("a",))])
    form = MlflowForm()
    with pytest.raises(UsageError, match="registry has no address") as caught:
        form.place(source, form.write(source), None, force=False)
    assert "--tracking-uri sqlite:///mlflow.db" in caught.value.hint
    with pytest.raises(UsageError, match="no prompt with the name 'a b'"):
        form.place(source, form.write(source), "a b", force=False)


def test_an_address_that_mlflow_does_not_know_is_one_error_without_its_password(tmp_path: Path) -> None:
    source = made_export(tmp_path / "run", Prompt(text="Say it."), [Example(input="a", outputs=("a",))])
    form = MlflowForm()
    form.address = "foo://user:hidden@x"
    with pytest.raises(RunError, match="MLflow's registry can't be used") as caught:
        form.place(source, form.write(source), None, force=False)
    assert "hidden" not in str(caught.value)


@pytest.mark.heavy
def test_what_the_registry_gives_back_is_what_was_registered(tmp_path: Path) -> None:
    form = MlflowForm()
    form.address = f"sqlite:///{tmp_path}/mlflow.db"
    for number, source in enumerate(nasty_exports(tmp_path), 1):
        made = form.write(source)
        place = form.place(source, made, "mood", force=False)
        assert place.target == f"prompts:/mood/{number}"
        back = form.placed(place, made)
        assert json.loads(back["prompt.json"]) == json.loads(made.files["prompt.json"])
        assert [form.reader(back)(one) for one in source.tests] == [source.pattern.sent(one) for one in source.tests]
