"""The examples of a page of the docs, and a way to do what the page says.

A page is read from top to bottom in one folder. A code block with a title is a file. A `console` block has commands after `$ `, each
with what it prints; a line `...` stands for any lines. A comment before a block tells what can't be seen:

    <!-- exit 2 -->              the commands end with this code
    <!-- from mine.yaml -->      the block is a part of this file of the page
    <!-- elsewhere FILE -->      this test runs it
    <!-- cell -->                a cell of a notebook: all cells of a page run in one process and one event loop
    <!-- prints -->              what the cell before it prints

`python -m tests.docs.doc_pages docs/PAGE.md` runs a page and writes into it what its commands print now.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.notebook import Notebook
from tests.forked_commands import ForkedCommands, plain_words

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<head>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_PROGRESS = re.compile(r"^\d+:\d\d  .* new calls, .*\n?", re.MULTILINE)
"""A line of progress, which only a slow machine prints."""
_REAL = re.compile(r"openai/[\w.-]+")
"""Models that a test can't ask; `scripted:planted` stands in."""


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a page."""

    language: str
    title: str
    note: str
    body: str
    start: int
    """Where its body begins in the page."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A command, what the page says that it prints, and what it prints."""

    command: str
    said: str
    printed: str
    code: int


def blocks(text: str) -> list[Block]:
    """The code blocks of a page."""
    found = []
    for match in _BLOCK.finditer(text):
        title = _TITLE.search(match["head"])
        language = match["head"].split(" ")[0]
        found.append(Block(language, title[1] if title else "", match["note"] or "", match["body"], match.start("body")))
    return found


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the lines below it."""
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        command, _, said = part.partition("\n")
        while command.endswith("\\"):
            more, _, said = said.partition("\n")
            command = f"{command[:-1].rstrip()} {more.strip()}"
        yield command, said


def plain(text: str) -> str:
    """Printed text without what differs from run to run: seconds, dates, blanks at the end of lines.

    Nor does it show the number that a run folder gets when another run began in the same second, nor the lines of progress that
    a slow machine prints.
    """
    text = _PROGRESS.sub("", text)
    text = re.sub(r"\d{8}-\d{6}", "DATE", re.sub(r"\b\d+\.\d s\b", "SECONDS s", text))
    text = re.sub(r"(DATE-[\w-]*?-\d+)-\d+\b", r"\1", text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def fits(said: str, printed: str) -> bool:
    """Whether `printed` is what the page says."""
    parts = [re.escape(plain(part)) for part in re.split(r"^\.\.\.\n", said, flags=re.MULTILINE)]
    return re.fullmatch(r"\s*.*?\s*".join(parts), plain(printed), re.DOTALL) is not None


class Reader:
    """A reader who does what a page says, in a folder of their own."""

    def __init__(self, home: Path, forked: ForkedCommands | None = None) -> None:
        """With `forked`, commands that need no shell are run by it."""
        self.folder = self.home = home
        self._forked = forked
        self.files: dict[str, str] = {}
        self.printed = ""
        """What the last cell printed."""
        self._notebook: Notebook | None = None
        hidden = ("PROMPTWIRE_CACHE", "PROMPTWIRE_RUNS", "FORCE_COLOR")
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.env = {**kept, "PATH": path, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}

    def write(self, block: Block) -> None:
        """The block as the file of its title."""
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.body, encoding="utf-8")
        self.files[block.title] = block.body

    def run(self, block: Block) -> Iterator[Shown]:
        """The commands of a console block, done one after the other."""
        for command, said in commands(block):
            if command.startswith("cd "):
                self.folder = (self.folder / command.removeprefix("cd ")).resolve()
                yield Shown(command, said, "", 0)
                continue
            code, printed = self._do(_REAL.sub("scripted:planted", command))
            yield Shown(command, said, printed, code)

    def _do(self, command: str) -> tuple[int, str]:
        """Exit code of a command, and what it prints."""
        if self._forked is not None and (words := plain_words(command)) is not None:
            return self._forked.run(words, self.folder, self.env)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    def run_cell(self, block: Block) -> bool:
        """A cell of the page's notebook; whether it ended without an exception."""
        self._notebook = self._notebook or Notebook(self.folder, self.env)
        self.printed, fine = self._notebook.run(block.body)
        return fine

    def close(self) -> None:
        """End the notebook."""
        if self._notebook is not None:
            self._notebook.close()

    def part_of(self, block: Block) -> bool:
        """Whether the block's lines stand together in the file that its note names."""
        name = block.note.removeprefix("from ")
        whole = self.files.get(name) or (self.folder / name).read_text(encoding="utf-8")
        return _flush(block.body) in _flush(whole)


def _flush(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def rewrite(page: Path) -> None:
    """Write into the page what its commands print now; blocks that leave lines out stay as they are."""
    text = page.read_text(encoding="utf-8")
    new, at = "", 0
    with tempfile.TemporaryDirectory() as home:
        reader = Reader(Path(home))
        for block in blocks(text):
            if block.title:
                reader.write(block)
            if block.note == "cell":
                reader.run_cell(block)
            if block.note == "prints" and "..." not in block.body.splitlines():
                new += text[at : block.start] + _clean(reader.printed)
                at = block.start + len(block.body)
            if block.language != "console" or block.note.startswith("elsewhere"):
                continue
            shown = list(reader.run(block))
            raw = re.split(r"^(?=\$ )", block.body, flags=re.MULTILINE)[1:]
            heads = [part[: len(part) - len(each.said)] for part, each in zip(raw, shown, strict=True)]
            body = "".join(
                head + (each.said if _stays(each) else _clean(each.printed)) for head, each in zip(heads, shown, strict=True)
            )
            new += text[at : block.start] + body
            at = block.start + len(block.body)
            for each in shown:
                sys.stdout.write(f"[{each.code}] {shlex.quote(each.command)}\n")
        reader.close()
    page.write_text(new + text[at:], encoding="utf-8")


def _stays(shown: Shown) -> bool:
    """Whether what the page says is true, or leaves lines out and is to be mended by hand."""
    return fits(shown.said, shown.printed) or re.search(r"^\.\.\.$", shown.said, re.MULTILINE) is not None


def _clean(printed: str) -> str:
    lines = [line.rstrip() for line in _PROGRESS.sub("", printed).rstrip().splitlines()]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite(Path(name))
