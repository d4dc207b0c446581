"""Untrusted text can't control a terminal, from any command, on a terminal or a pipe."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.cli.console import SafeConsole, print_table
from promptwire.documents.yaml_reader import dump_yaml, read_yaml_text
from promptwire.security.sanitizer import UNPRINTABLE, SanitizedStream, flattened, sanitize

OSC, CSI, BIDI = "\x1b]52;c;aGk=\x07", "\x1b[2J", "\u202e"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, é, 漢字, ไทย, हिन्दी, a\tb\nc", "plain, é, 漢字, ไทย, हिन्दी, a\tb\nc"),
        (OSC, "\\u001b]52;c;aGk=\\u0007"),
        (CSI, "\\u001b[2J"),
        ("\x9b2J", "\\u009b2J"),
        ("a\rb", "a\\u000db"),
        ("a\r\nb", "a\nb"),
        ("\x08\x7f\x00", "\\u0008\\u007f\\u0000"),
        (BIDI + "\u2066\u061c\u200f", "\\u202e\\u2066\\u061c\\u200f"),
        ("\u2028\u2029\ufeff\u200b", "\\u2028\\u2029\\ufeff\\u200b"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("\ud800", "\\ud800"),
        ("a\u3164b\uffa0", "a\\u3164b\\uffa0"),
        ("\u034f\u115f\u1160\u180e\u17b4", "\\u034f\\u115f\\u1160\\u180e\\u17b4"),
        ("a\U000e0101\U000e01ef", "a\\udb40\\udd01\\udb40\\uddef"),
        ("a\ufe00b\ufe0f", "a\\ufe00b\\ufe0f"),
        ("\u2764\ufe0f\ufe0f 1\ufe0f\u20e3", "\u2764\ufe0f\\ufe0f 1\ufe0f\u20e3"),
        (
            "\u2764\ufe0f \u2601\ufe0e \U0001f3f3\ufe0f \ud55c \u1100\u1161",
            "\u2764\ufe0f \u2601\ufe0e \U0001f3f3\ufe0f \ud55c \u1100\u1161",
        ),
        ("👩\u200d💻 می\u200cخواهم", "👩\u200d💻 می\u200cخواهم"),
    ],
)
def test_control_characters_become_visible_and_all_other_text_stays(text: str, shown: str) -> None:
    assert sanitize(text) == shown
    assert sanitize(shown) == shown
    assert len(flattened(text)) == len(text)


@pytest.mark.parametrize("text", [OSC, BIDI, "a\rb", "\U000e0041", "\x7f\x85"])
def test_sanitized_json_means_the_same(text: str) -> None:
    assert json.loads(sanitize(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize("text", [OSC, BIDI, "a\rb: c", "x\u2066y"])
def test_sanitized_yaml_of_show_means_the_same(text: str) -> None:
    assert read_yaml_text(sanitize(dump_yaml({"a": text}, own=True)), "x").data == {"a": text}


def test_a_stream_sanitizes_lines_and_has_no_byte_buffer() -> None:
    under = io.StringIO()
    stream = SanitizedStream(under)
    stream.writelines([CSI, "x"])
    print(OSC, file=stream)  # type: ignore[call-overload]
    assert not UNPRINTABLE.search(under.getvalue().replace("\n", ""))
    assert not hasattr(SanitizedStream(io.TextIOWrapper(io.BytesIO())), "buffer")


def test_a_terminal_gets_colours_of_rich_but_no_escape_from_texts() -> None:
    console = SafeConsole(file=io.StringIO(), force_terminal=True, color_system="standard", width=200)
    console.print(Text(OSC + BIDI, style="red"))
    console.print(Text("link", style="link https://evil.example"))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.startswith("\x1b[31m\\u001b]52")
    assert "\x1b]" not in printed
    assert BIDI not in printed


def test_tables_are_sanitized_on_any_console() -> None:
    console = Console(file=io.StringIO(), width=200)
    print_table([(OSC, BIDI)], ("name", "what"), console)
    assert not UNPRINTABLE.search(console.file.getvalue().replace("\n", ""))  # type: ignore[attr-defined]


EVIL = f"e{OSC}{CSI}{BIDI}\x9b1m"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files whose names and texts hold escape sequences, and a model that replies with them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{EVIL}.yaml").write_text("promptwire: 1\nnodes: {a: {use: nosuch}}\noutputs: {p: $a}\n")
    rows = [{"input": f"{EVIL} {number}", "output": "a" if number % 2 else f"b{EVIL}"} for number in range(20)]
    (tmp_path / f"{EVIL}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "broken.jsonl").write_text(json.dumps({f"x{EVIL}": 1}))
    (tmp_path / "model.yaml").write_text(json.dumps([{"kind": "generate", "reply": [f"<START>{EVIL}</START>", EVIL]}]))
    return tmp_path


RUN = ["--model", "scripted:model.yaml", "--metric", "exact", "-p", "draws=2", "-p", "n=2"]
COMMANDS = [
    ["check", f"{EVIL}.yaml"],
    ["check", f"no{EVIL}.yaml"],
    ["show", f"{EVIL}.yaml"],
    ["show", EVIL],
    ["graph", f"{EVIL}.yaml"],
    ["plan", "ape", "--task", f"{EVIL}.jsonl", "--prompt", EVIL],
    ["run", "ape", "--task", f"{EVIL}.jsonl", "--prompt", EVIL, *RUN],
    ["run", "ape", "--task", f"{EVIL}.jsonl", "--prompt", EVIL, *RUN, "--json"],
    ["run", "ape", "--task", "broken.jsonl", "--prompt", "p"],
    ["run", "ape", "--task", EVIL],
    ["run", "ape", "--task", "planted", "--model", EVIL],
    ["run", EVIL, "--task", "planted"],
    ["run", "ape", "--task", "planted", f"--no{EVIL}"],
    ["run", "ape", "--task", "planted", EVIL],
    ["run", "ape", "--task", "planted", "--seed", EVIL],
    ["run", "ape", "--task", "planted", "-p", f"{EVIL}=1"],
    ["run", "ape", "--task", "planted", "--set", f"{EVIL}={EVIL}"],
    [EVIL],
    ["nodes", EVIL],
    ["models", "--fetch", EVIL],
    ["why", EVIL, EVIL],
    ["replay", EVIL],
    ["bundle", EVIL],
    ["cache", "show", EVIL],
    ["cache", "import", EVIL],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words[:2]).encode("ascii", "ignore").decode())
def test_no_command_prints_an_escape_sequence(
    words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from promptwire.cli.app import main

    monkeypatch.setattr(sys, "argv", ["promptwire", *words])
    with pytest.raises(SystemExit):
        main()
    printed = capsys.readouterr()
    assert printed.out + printed.err
    assert not UNPRINTABLE.search((printed.out + printed.err).replace("\n", ""))


def test_json_keeps_the_raw_text_as_its_value(folder: Path) -> None:
    words = ["run", "ape", "--task", f"{EVIL}.jsonl", "--prompt", EVIL, *RUN, "--json"]
    found = CliRunner().invoke(app, words)
    assert json.loads(found.stdout)["initial_prompt"] == EVIL
    assert not UNPRINTABLE.search(found.stdout.replace("\n", ""))


def test_a_real_terminal_gets_no_escape_from_a_file_name(folder: Path) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "promptwire", "check", f"{EVIL}.yaml"]
    done = subprocess.run(words, cwd=folder, stdout=theirs, stderr=theirs, check=False, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 2
    assert "nosuch" in said
    assert not UNPRINTABLE.search(said.replace("\r\n", "").replace("\n", ""))
