"""Every example in the docs is done as the page says, from top to bottom, and prints what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.documents.yaml_reader import read_yaml_text
from tests.docs.doc_pages import PAGES, ROOT, Block, Reader, blocks, fits
from tests.forked_commands import ForkedCommands

MARKS = {"cookbook": pytest.mark.heavy(seconds=20)}
RUNNABLE = ("console", "sh", "yaml", "jinja", "python", "toml", "json", "jsonl", "csv")


def do(reader: Reader, block: Block) -> None:
    """Do what one block says; fails when it is not true."""
    if block.note.startswith("elsewhere "):
        commands = "\n".join(line.removeprefix("$ ") for line in block.body.strip().splitlines())
        assert commands in (ROOT / block.note.split(" ")[1]).read_text(encoding="utf-8")
    elif block.note == "cell":
        assert reader.run_cell(block), f"{block.body}\n{reader.printed}"
    elif block.note == "prints":
        assert fits(block.body, reader.printed), f"the cell prints\n{reader.printed}\n--- the page says\n{block.body}"
    elif block.title:
        reader.write(block)
        if block.language == "yaml":
            read_yaml_text(reader.files[block.title], block.title)
    elif block.note.startswith("from "):
        assert reader.part_of(block), f"{block.note}: these lines are not in it\n{block.body}"
    elif block.language == "console":
        code = int(block.note.removeprefix("exit ")) if block.note.startswith("exit ") else 0
        for shown in reader.run(block):
            assert shown.code == code, f"$ {shown.command}\n{shown.printed}"
            assert fits(shown.said, shown.printed), (
                f"$ {shown.command}\n{shown.printed}\n--- the page says (`python -m tests.docs.doc_pages {PAGES[0].parent.name}/*.md` writes what is printed now)\n{shown.said}"
            )
    elif block.language == "sh":
        foresee(reader, block)
    elif block.language == "python":
        done = subprocess.run(
            [sys.executable, "-c", block.body], cwd=reader.folder, env=reader.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    else:
        pytest.fail(f"nothing shows that this is true; give it a title or say what it is `from`:\n{block.body}")


def foresee(reader: Reader, block: Block) -> None:
    """Lines for a model that takes long or data that is elsewhere: runs are planned, and the options of the others are known."""
    known = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).stdout
    for line in block.body.splitlines():
        if line.startswith("promptwire run "):
            planned = Block("console", "", "", f"$ {line.replace(' run ', ' plan ', 1)}\n", 0)
            assert [shown.printed for shown in reader.run(planned) if shown.code] == []
        else:
            assert all(option in known for option in re.findall(r"--[a-z-]+", line)), line


@pytest.mark.heavy
@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem, marks=MARKS.get(page.stem, ())) for page in PAGES])
def test_what_a_page_says_is_so(page: Path, tmp_path: Path, forked: ForkedCommands, request: pytest.FixtureRequest) -> None:
    reader = Reader(tmp_path, forked)
    request.addfinalizer(reader.close)
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language in RUNNABLE or block.note == "prints":
            do(reader, block)
        elif not block.language.startswith("{"):  # Sphinx's own, such as a menu
            assert block.language == "text", f"a block of {block.language!r} is never done: {block.body[:60]}"


def test_a_page_that_is_wrong_fails(tmp_path: Path) -> None:
    (lie,) = blocks("```console\n$ echo one\ntwo\n```\n")
    with pytest.raises(AssertionError, match="the page says"):
        do(Reader(tmp_path), lie)
    (made,) = blocks("<!-- from a.yaml -->\n```yaml\nx: 2\n```\n")
    (tmp_path / "a.yaml").write_text("x: 1\n")
    with pytest.raises(AssertionError, match="not in it"):
        do(Reader(tmp_path), made)
