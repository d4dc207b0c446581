"""Forked commands behave as commands from a shell do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked_commands import ForkedCommands, plain_words

BAD = "promptwire: 1\nnodes: {}\noutputs: {prompt: $nothing}\n"


@pytest.mark.heavy
@pytest.mark.parametrize(
    "words", [["check", "bad.yaml"], ["run", "ape", "--task", "nowhere"], ["--nonsense"], ["check", "ape"]]
)
def test_a_forked_command_prints_and_returns_what_a_started_one_does(
    words: list[str], forked: ForkedCommands, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    env = {**os.environ, "COLUMNS": "90", "NO_COLOR": "1"}
    command = [str(Path(sys.executable).parent / "promptwire"), *words]
    started = subprocess.run(
        command, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert forked.run(words, tmp_path, env) == (started.returncode, started.stdout)
    assert started.stdout and (started.returncode == 0) == (words[-1] == "ape")


def test_only_a_command_that_needs_no_shell_is_forked() -> None:
    assert plain_words("promptwire run 'my pipe.yaml' -p n=2") == ["run", "my pipe.yaml", "-p", "n=2"]
    for command in (
        "promptwire show ape | head",
        "cat a.yaml",
        "X=1 promptwire check",
        "promptwire check *.yaml",
        "promptwire-x a",
    ):
        assert plain_words(command) is None
