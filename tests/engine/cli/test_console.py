"""Columns and tables of the command line: aligned, whole, and without control characters."""

from __future__ import annotations

import io
import sys

import pytest
from rich.live import Live
from rich.text import Text

from promptwire.cli.console import SafeConsole, console, print_columns, print_table
from promptwire.security.sanitizer import SanitizedStream, guard_streams


def printed(width: int) -> tuple[SafeConsole, io.StringIO]:
    screen = io.StringIO()
    return SafeConsole(file=screen, width=width, highlight=False), screen


def test_columns_are_aligned_and_never_broken_however_narrow_the_window() -> None:
    console, screen = printed(20)
    print_columns([("a-run-with-a-long-name", "1"), ("b", "\u4e2d\u6587"), ("", "x" * 30)], ("run", "n"), console)
    assert screen.getvalue().splitlines() == [
        f"{'run':<22}  n", "a-run-with-a-long-name  1", f"{'b':<22}  \u4e2d\u6587", f"{'':<22}  {'x' * 30}",
    ]  # fmt: skip


def test_columns_show_markup_and_control_characters_as_text() -> None:
    console, screen = printed(80)
    print_columns([("[red]x[/red]", "\x1b[2J\u202e")], ("a", "b"), console)
    assert screen.getvalue().splitlines()[1] == "[red]x[/red]  \\u001b[2J\\u202e"


def test_a_table_keeps_a_short_name_whole_and_breaks_other_cells() -> None:
    console, screen = printed(24)
    print_table([("beam-select", "one two three four five")], ("", ""), console)
    assert screen.getvalue().splitlines()[0].startswith("beam-select  one two")


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_moving_display_draws_on_the_terminal_and_what_others_print_meanwhile_is_sanitized(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", Terminal())
    guard_streams()
    assert isinstance(sys.stderr, SanitizedStream)
    with Live(Text("here", style="bold"), console=console(stderr=True), auto_refresh=False) as live:
        live.refresh()
        drawn = screen.getvalue()
        print("a library\x1b]0;title\x07", file=sys.stderr)
    assert "\x1b[1mhere" in drawn and "\\u001b" not in drawn
    assert "a library" in screen.getvalue() and "\x1b]0" not in screen.getvalue()
