"""An export of a real run: from its folder alone, never over a file, with equal requests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import promptwire
from promptwire.errors import RunError, UsageError
from promptwire.exporting.export import export
from promptwire.options import Options
from tests.sample_runs import written_run

SENTENCES = ("a fox", "two  cats ", 'a "{dog}"', "{{text}} and {% raw %}", "an owl", "no bird")
RULES = '[{"when": "fox|cats|owl", "reply": ["yes"]}, {"reply": ["no"]}]'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a run whose task has been deleted since."""
    monkeypatch.chdir(tmp_path)
    rows = [{"text": text, "answer": "yes" if number in (0, 1, 4) else "no"} for number, text in enumerate(SENTENCES)]
    Path("data.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    Path("rules.json").write_text(RULES)
    Path("task.yaml").write_text(
        "prompt: Is it an animal with legs? {{text}}\ndata: {train: data.jsonl, test: data.jsonl}\n"
        "columns: {input: text, output: answer}\nsettings: {max_tokens: 5, stop: [END]}\n"
    )
    report = promptwire.run("ape-paraphrase", "task.yaml", Options(models={"task": "scripted:rules.json"}, params={"n": "2"}))
    for name in ("task.yaml", "data.jsonl"):
        Path(name).unlink()
    return tmp_path / report.run


def test_a_run_is_exported_without_its_task_file(run: Path) -> None:
    made = export(run, "messages")
    assert made.requests.n == 6
    assert made.requests.unequal == ()
    assert json.loads(Path("task.messages.json").read_text()) == [
        {"role": "user", "content": "Is it an animal with legs? {{input}}"}
    ]


def test_the_settings_and_the_metric_come_from_the_run_folder(run: Path) -> None:
    source = export(run, "text").source
    assert source.request_settings == {"temperature": 0.0, "max_tokens": 5, "stop": ["END"]}
    assert source.record.metric == "exact"
    assert source.record.seen_labels == ("yes", "no")


def test_a_file_that_exists_is_replaced_only_with_force(run: Path) -> None:
    Path("mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        export(run, "text", "mine.txt")
    assert Path("mine.txt").read_text() == "mine"
    export(run, "text", "mine.txt", force=True)
    assert Path("mine.txt").read_text() != "mine"


def test_the_initial_prompt_is_exported_when_it_is_asked_for(run: Path) -> None:
    assert export(run, "text", prompt="initial").source.prompt.text == "Is it an animal with legs? {{text}}"


def test_a_run_without_task_json_is_one_error_that_says_what_to_do(run: Path) -> None:
    (run / "task.json").unlink()
    with pytest.raises(RunError, match=r"task\.json") as found:
        export(run, "text")
    assert "run the same command again" in found.value.hint


@pytest.mark.parametrize(
    "damage",
    [
        "{",
        "[]",
        "{}",
        '{"task": "t", "metric": "exact", "best": {"parts": []}}',
        '{"task": 1}',
        '{"task": "t", "metric": "exact"}',
    ],
)
def test_a_damaged_task_json_is_one_error(run: Path, damage: str) -> None:
    (run / "task.json").write_text(damage)
    with pytest.raises(RunError):
        export(run, "text")


def test_a_pattern_with_a_field_that_no_example_has_is_one_error(run: Path) -> None:
    text = (run / "task.json").read_text()
    (run / "task.json").write_text(text.replace('"slot": "input"', '"slot": "other"'))
    for form in ("messages", "python", "promptfoo"):
        with pytest.raises(RunError, match="other"):
            export(run, form, "out")
        assert not Path("out").exists()


def test_a_run_that_has_not_finished_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no report"):
        export(written_run(tmp_path / "run", best={"prompt": "p"}), "text")


def test_a_secret_of_the_environment_is_written_into_no_file(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "animal with legs")
    with pytest.raises(RunError, match="secret"):
        export(run, "text", "out.txt")
    assert not Path("out.txt").exists()


def test_a_secret_that_a_form_writes_with_escapes_is_found_too(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = 'geheim"\\schlüssel'
    for file in run.glob("*.json*"):
        file.write_text(file.read_text().replace("an animal with legs", json.dumps(secret)[1:-1]))
    for form in ("messages", "python", "promptfoo"):
        export(run, form, f"{form}.before")
        monkeypatch.setenv("MY_API_KEY", secret)
        with pytest.raises(RunError, match="secret"):
            export(run, form, f"{form}.out")
        monkeypatch.delenv("MY_API_KEY")


def test_an_unknown_form_is_named_with_the_nearest_one(run: Path) -> None:
    with pytest.raises(UsageError, match="messages"):
        export(run, "mesages")


def test_a_verbatim_template_keeps_line_breaks_at_the_ends_of_messages(run: Path) -> None:
    Path("verbatim.j2").write_text("---\nverbatim: true\n---\n--- system ---\n{{ prompt }}\n\n--- user ---\n\n{{ example }}\n")
    rows = [{"text": text, "answer": "no"} for text in ("a\n\n", "\nb", "")]
    Path("data.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    Path("task.yaml").write_text(
        "prompt: Is it?\ndata: {train: data.jsonl, test: data.jsonl}\ntemplate: verbatim.j2\n"
        "columns: {input: text, output: answer}\n"
    )
    report = promptwire.run("ape-paraphrase", "task.yaml", Options(models={"task": "scripted:rules.json"}, params={"n": "2"}))
    for form in ("messages", "text", "python", "promptfoo"):
        assert export(report, form, f"{form}.out").requests.unequal == (), form
