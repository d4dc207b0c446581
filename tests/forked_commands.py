"""Commands of `promptwire` in processes that are forked from one which has imported it.

Each has its own process, folder, environment, output and exit code, as one from a shell; it only skips a second of imports. What
depends on the start itself, such as the time of `--help` or the module path, is tested with real starts.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

__all__ = ["ForkedCommands", "forked_commands", "plain_words"]

_SHELL = frozenset("|&;<>$*?~`#()[]{}\n")
"""Characters that a shell may read as more than themselves."""
_LEFT = ("promptwire.__main__", "promptwire.backends.llama", "promptwire.sweeps.cell_child")
"""Beginnings of the names of modules that run something when they are imported, or load a library that starts threads."""


def plain_words(command: str) -> list[str] | None:
    """Arguments of a command that is `promptwire` and nothing else; None where a shell is needed."""
    if not command.startswith("promptwire ") or _SHELL & set(command):
        return None
    return shlex.split(command)[1:]


class ForkedCommands:
    """Asks the process that forks."""

    def __init__(self, server: subprocess.Popen[str], folder: Path) -> None:
        self._server, self._output = server, folder / "printed"

    def run(self, words: Sequence[str], folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
        """Exit code of `promptwire` with these arguments, and what it printed on both streams."""
        assert self._server.stdin is not None and self._server.stdout is not None
        self._output.write_text("")
        told = {"words": list(words), "folder": str(folder), "env": dict(env), "output": str(self._output)}
        self._server.stdin.write(json.dumps(told) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline()), self._output.read_text(encoding="utf-8")


@contextmanager
def forked_commands() -> Iterator[ForkedCommands]:
    """The process, started for the block."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", str(Path(__file__))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            yield ForkedCommands(server, Path(folder))
            assert server.stdin is not None
            server.stdin.close()


def _serve() -> None:
    """Fork a process for each line of standard input. It returns in the forked processes too, at the end of their command."""
    import promptwire
    from promptwire.cli.app import main

    for module in pkgutil.walk_packages(promptwire.__path__, "promptwire."):
        if not module.name.startswith(_LEFT):
            import_module(module.name)
    gc.freeze()
    while line := sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
            return main()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(told: Mapping[str, object]) -> None:
    """Take the arguments, the folder, the environment and the streams of a command."""
    os.environ.clear()
    os.environ.update(told["env"])  # type: ignore[call-overload]
    os.chdir(str(told["folder"]))
    output, nothing = os.open(str(told["output"]), os.O_WRONLY | os.O_APPEND), os.open(os.devnull, os.O_RDONLY)
    for stream, file in enumerate((nothing, output, output)):
        os.dup2(file, stream)
    sys.argv = ["promptwire", *told["words"]]  # type: ignore[misc]


if __name__ == "__main__":
    _serve()
