"""`promptwire task init` at a terminal and without one: what it prints, asks, writes and refuses."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from promptwire.cli.app import app
from promptwire.errors import DataError, PipelineError, UsageError
from promptwire.registry.plugins import plugin_files
from promptwire.task_init.guess import Unclear
from tests.data_tables import rows, table

LONGEST = 60.0
"""Seconds without a character from the command after which it is taken to hang."""
TWO = table("German,English", [(f"Wort {at}", f"word {at}") for at in range(20)])


def init(*words: str) -> Result:
    return CliRunner().invoke(app, ["task", "init", *words])


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text(table("id,text,label", [(str(at), text, label) for at, (text, label) in enumerate(rows(40))]))
    return path


def test_guesses_reasons_warnings_and_three_requests_are_printed_and_the_file_loads(reviews: Path) -> None:
    done = init(str(reviews))
    assert done.exit_code == 0, done.output
    assert "output    'label' (by its name)\n" in done.output
    assert "metric    exact (2 outputs recur; the commonest, 'good', has 50%)\n" in done.output
    assert "warning: 20 held-out examples show a gain of 0.35 or more" in done.output
    assert done.output.count("to the task model\n--- user\nClassify the text as bad or good.") == 3
    assert f"wrote {reviews.with_name('task.yaml')}\n" in done.output
    plan = CliRunner().invoke(app, ["plan", "random-search", "--task", str(reviews.parent), "--model", "scripted:planted"])
    assert plan.exit_code == 0, plan.output


def test_json_holds_all_of_it_and_nothing_else_is_printed(reviews: Path) -> None:
    done = init(str(reviews), "--json", "--prompt", "Good or bad?")
    facts = json.loads(done.output)
    assert facts["written"] and facts["task"]["prompt"] == "Good or bad?"
    assert facts["examples"] == {"train": 20, "dev": None, "test": 20}
    assert facts["guesses"][0] == {"key": "input", "value": "'text'", "why": "by its name"}
    assert facts["requests"][0]["request"]["messages"][0]["content"].startswith("Good or bad?")
    assert Path(facts["file"]).read_text() == facts["text"]


def test_a_dry_run_shows_the_file_and_writes_nothing(reviews: Path) -> None:
    done = init(str(reviews), "--dry-run")
    assert "columns: {input: text, output: label}\n" in done.output and "not written" in done.output
    assert [path.name for path in reviews.parent.iterdir()] == ["reviews.csv"]


def test_a_task_file_that_is_there_is_kept_unless_force_is_given(reviews: Path) -> None:
    reviews.with_name("task.yaml").write_text("mine")
    with pytest.raises(UsageError, match="there is such a file already"):
        raised(init(str(reviews)))
    assert reviews.with_name("task.yaml").read_text() == "mine"
    assert init(str(reviews), "--force").exit_code == 0
    assert "task: reviews" in reviews.with_name("task.yaml").read_text()


def raised(done: Result) -> None:
    """Raise what the command raised."""
    assert done.exception is not None, done.output
    raise done.exception


def test_another_name_and_place_for_the_task_file(reviews: Path) -> None:
    assert init(str(reviews), "--out", str(reviews.parent / "mood.yaml"), "--name", "mood").exit_code == 0
    assert "task: mood\n" in (reviews.parent / "mood.yaml").read_text()
    (reviews.parent / "inner").mkdir()
    with pytest.raises(UsageError, match="--out: a task file may name data of its own folder only"):
        raised(init(str(reviews), "--out", str(reviews.parent / "inner")))


def test_without_a_terminal_an_unclear_column_is_one_error_with_the_flag(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TWO)
    with pytest.raises(
        Unclear, match=r"a\.csv: no column is the output .*\n  columns: 'German', 'English'; name it with --output NAME"
    ):
        raised(init(str(tmp_path / "a.csv")))
    assert init(str(tmp_path / "a.csv"), "--output", "English").exit_code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("data: {train: a.csv}\nprompt: x\n", "this is a task file already"),
        ("a: 1\n", "no task can be made"),
        ("- 1\n", "no task can be made"),
    ],
)
def test_a_yaml_file_of_another_kind_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(content)
    with pytest.raises(UsageError, match=message):
        raised(init(str(tmp_path / "a.yaml")))


def test_control_characters_of_a_header_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table("te\x1b[31mxt,label", rows(20)))
    done = init(str(tmp_path / "a.csv"))
    assert done.exit_code == 0 and "\x1b" not in done.output
    assert "\x1b" not in (tmp_path / "task.yaml").read_text()


def test_bad_data_leave_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\na,b\nc\n")
    with pytest.raises(DataError, match=r"a\.csv:3:"):
        raised(init(str(tmp_path / "a.csv")))
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def at_terminal(folder: Path, answers: list[bytes]) -> tuple[int, str]:
    """Run `task init a.csv` in `folder` at a real terminal, type an answer at each question, and return exit code and screen."""
    command = [sys.executable, "-m", "promptwire", "task", "init", "a.csv"]
    main, side = pty.openpty()
    with subprocess.Popen(
        command, cwd=folder, stdin=side, stdout=side, stderr=side, env={**os.environ, "COLUMNS": "80"}
    ) as run:
        os.close(side)
        screen, left = b"", list(answers)
        while True:
            if not select.select([main], [], [], LONGEST)[0]:
                run.kill()
                raise AssertionError(f"no end and no question: {screen!r}")
            try:
                read = os.read(main, 4096)
            except OSError:  # the terminal is closed when the command has ended
                break
            if not read:
                break
            screen += read
            if left and screen.rstrip().endswith(b":") and screen.count(b"Its number") > len(answers) - len(left):
                os.write(main, left.pop(0))
    os.close(main)
    return run.returncode, screen.decode()


def test_at_a_terminal_the_column_is_asked_for_and_a_wrong_answer_again(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TWO)
    code, screen = at_terminal(tmp_path, [b"7\n", b"2\n"])
    assert code == 0, screen
    assert "  1  German" in screen and "(none: the data hold no right answers)" in screen
    assert "Type a number from 1 to 3" in screen
    assert "columns: {input: German, output: English}" in (tmp_path / "task.yaml").read_text()


def test_the_end_of_input_at_the_question_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TWO)
    code, screen = at_terminal(tmp_path, [b"\x04"])
    assert code == 2 and "nothing was written" in screen and "Traceback" not in screen
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


CONFIG = """
prompts: ["Which team is {{message}} for?"]
providers: ["openai:chat:gpt-4o-mini"]
tests:
- {vars: {message: It is broken.}, assert: [{type: icontains, value: repair}]}
- {vars: {message: "Where is it?"}, assert: [{type: icontains, value: delivery}]}
- {vars: {message: It is torn.}, assert: [{type: icontains, value: repair}]}
- {vars: {message: It is late.}, assert: [{type: icontains, value: delivery}]}
"""


def test_a_configuration_of_promptfoo_becomes_a_task_with_its_data(tmp_path: Path) -> None:
    (tmp_path / "promptfooconfig.yaml").write_text(CONFIG)
    done = init(str(tmp_path))
    assert done.exit_code == 0, done.output
    assert "metric    includes-any-case (the counterpart of its asserts)" in done.output
    assert "--model openai/gpt-4o-mini" in done.output
    assert len((tmp_path / "task.jsonl").read_text().splitlines()) == 4
    plan = CliRunner().invoke(
        app, ["plan", "random-search", "--task", str(tmp_path / "task.yaml"), "--model", "scripted:planted"]
    )
    assert plan.exit_code == 0, plan.output


def test_asserts_in_python_become_a_plugin_that_runs_take_only_with_consent(tmp_path: Path) -> None:
    config = CONFIG.replace("type: icontains, value: repair", 'type: python, value: "len(output) < 3"').replace(
        "type: icontains, value: delivery", 'type: python, value: "len(output) > 3"'
    )
    (tmp_path / "promptfooconfig.yaml").write_text(config)
    with pytest.raises(PipelineError, match=r"promptfooconfig.yaml:5:\d+: the assert 'python' .*--plugins promptfoo.py"):
        raised(init(str(tmp_path)))
    assert not (tmp_path / "task.yaml").exists()
    before = plugin_files()
    for _ in range(2):  # the copy that was loaded before does not clash
        done = init(str(tmp_path), "--plugins", "promptfoo.py", "--force")
        assert done.exit_code == 0, done.output
    assert "run with --plugins promptfoo.py, after reading it" in done.output.replace("\n", " ")
    assert "--plugins" in done.output.split("next:")[1]
    assert (tmp_path / "promptfoo.py").exists() and plugin_files() == before


def test_flags_for_data_are_refused_with_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "promptfooconfig.yaml").write_text(CONFIG)
    with pytest.raises(UsageError, match="--output: a configuration says this itself"):
        raised(init(str(tmp_path / "promptfooconfig.yaml"), "--output", "x"))
    assert [path.name for path in tmp_path.iterdir()] == ["promptfooconfig.yaml"]
