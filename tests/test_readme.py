"""What the README says is true: its pipeline checks and runs, its commands exist, its demo improves a prompt."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from promptwire.bundles.replay import replay
from promptwire.cli.app import app
from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.language.check import check
from promptwire.tasks.task import TaskSpec

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks of one language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [body for name, body in found if name == language]


def shell_lines(start: str) -> list[str]:
    """The lines of the shell blocks that begin with `start`, without comments."""
    lines = [line.partition(" #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(start)]


def run(folder: Path, *words: str) -> dict[str, Any]:
    """The report of `promptwire` with these words, in `folder`."""
    command = [sys.executable, "-m", "promptwire", *words, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_pipeline_checks_and_runs_as_it_stands(tmp_path: Path) -> None:
    pipeline, _ = blocks("yaml")
    (tmp_path / "mine.yaml").write_text(pipeline)
    (tmp_path / "model.yaml").write_text("- {kind: choose, choose: positive}\n- {reply: ['How is it?', 'Is it good?']}\n")
    checked = check(str(tmp_path / "mine.yaml"))
    assert [str(problem) for problem in checked.problems] == []
    assert len(pipeline.splitlines()) <= 12
    report = run(tmp_path, "run", "mine.yaml", "--task", "sentiment", "--model", "scripted:model.yaml")
    assert report["test"]["best"]["n"] == 120


def test_the_task_file_is_one() -> None:
    _, task = blocks("yaml")
    assert TaskSpec.model_validate(read_yaml_text(task, "README.md").data).columns.input == "comment"


@pytest.mark.parametrize("line", shell_lines("promptwire "))
def test_every_command_exists_with_the_options_that_are_shown(line: str) -> None:
    words = shlex.split(line)[1:]
    help_text = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200"}).stdout
    assert "Usage" in help_text
    for option in [word for word in words[1:] if word.startswith("--")]:
        assert option in help_text


def test_make_does_what_the_plain_shell_lines_say() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for line in shell_lines(".venv/bin/"):
        command = line.removeprefix(".venv/bin/").replace("promptwire run", "run")
        parts = [part for part in shlex.split(command) if not part.startswith("--editable")]
        assert parts[-1] in makefile, line


@pytest.mark.heavy(seconds=100)
def test_the_demo_improves_a_prompt_on_held_out_examples_and_its_rerun_is_free(tmp_path: Path) -> None:
    (demo,) = shell_lines(".venv/bin/promptwire run")
    words = shlex.split(demo)[1:]
    first, again = run(tmp_path, *words), run(tmp_path, *words)
    assert first["test"]["gain"]["low"] > 0.1
    assert first["calls"]["failed"] == 0
    assert again["calls"]["new"] == 0
    assert (again["prompt"], again["test"], again["train"]) == (first["prompt"], first["test"], first["train"])


@pytest.mark.parametrize("line", shell_lines("promptwire replay"))
def test_the_replays_print_what_is_shown(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    environment = {"COLUMNS": "100", "PROMPTWIRE_CACHE": str(tmp_path / "no-cache")}
    printed = CliRunner().invoke(app, shlex.split(line)[1:], env=environment).stdout
    verdict, title, *_ = printed.splitlines()
    gain = re.search(r"gain (\+[\d.]+)", verdict)
    assert gain and gain[1] in README and "the results equal those in the bundle" in printed
    shown = [block.splitlines() for block in blocks("") if title in block]
    lines = [line.rstrip() for line in printed.splitlines()]
    assert all(block == lines[: len(block)] for block in shown)
    assert shown or "protegi" in title


def test_the_critique_that_is_shown_is_one_of_the_run(tmp_path: Path) -> None:
    bundle = ROOT / "docs" / "results" / "antonyms-protegi-small-0.bundle.jsonl.gz"
    (shown,) = [block for block in blocks("") if "\ncritique:\n" in block]
    replay(bundle, keep=tmp_path / "run")
    command = [sys.executable, str(ROOT / "bench" / "critique.py"), str(tmp_path / "run")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [line.rstrip() for line in printed.splitlines()] == shown.splitlines()


def test_the_tree_names_every_folder_there_is() -> None:
    shown = set(re.findall(r"^(\w+)/ ", README, re.MULTILINE))
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert shown == there - {"build", "dist"} - {name for name in there if name.endswith(".egg-info")}


def without_comments(text: str) -> list[list[tuple[str, list[str]]]]:
    """Sections of a README: language and lines of each code block, without comments and without the words of the folder tree."""
    sections = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE):
        found = []
        for language, body in re.findall(r"^```(\w*)\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
            tree = body.startswith("pipelines/ ")
            lines = [
                line.split()[0] if tree else line.partition("  #")[0].partition(" # ")[0].rstrip() for line in body.splitlines()
            ]
            found.append((language, lines))
        sections.append(found)
    return sections


def test_the_chinese_readme_shows_the_same_commands_options_and_pages() -> None:
    chinese = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    assert without_comments(chinese) == without_comments(README)
    links = re.compile(r"\]\(([\w./-]+)\)")
    assert set(links.findall(chinese)) - {"README.md"} == set(links.findall(README)) - {"README.zh-CN.md"}
    assert "(README.zh-CN.md)" in README and "(README.md)" in chinese
    spans = re.compile(r"`([^`\n]+)`")
    flags = [[spans.findall(line)[0] for line in text.splitlines() if line.startswith("| `")] for text in (README, chinese)]
    assert flags[0] == flags[1]
    codes = [re.findall(r"\d+", text.partition(start)[2]) for text, start in ((README, "Exit codes"), (chinese, "退出码"))]
    assert codes[0] == codes[1]
