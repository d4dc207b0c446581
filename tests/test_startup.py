"""What a command imports: only what it needs, so that it starts at once. Times are measured by `bench/startup.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from promptwire.cli.app import _app_of, app
from tests.openai_server import Server

HEAVY = ("litellm", "openai", "httpx", "aiohttp", "xllamacpp", "huggingface_hub", "optuna", "pygraphviz", "vl_convert")
"""Libraries for models, pictures and searches that most commands do not need."""
NOT_FOR = {
    "--help": (*HEAVY, "diskcache", "jinja2", "pydantic", "yaml", "networkx", "jsonschema", "rich", "asyncio"),
    "check": (*HEAVY, "diskcache", "networkx", "jsonschema", "rich", "asyncio", "promptwire.running.scheduler"),
    "run": (*HEAVY, "networkx", "jsonschema", "promptwire.backends.http", "promptwire.page"),
}
"""Modules that a command does not import, by command. The last is a run that the cache holds in full."""


def imported(words: list[str], names: tuple[str, ...], folder: Path) -> tuple[int, str, str]:
    """Exit status, output, and those of the modules `names` that the command has imported."""
    code = (
        "import sys\nfrom promptwire.cli.app import app\nstatus = 0\n"
        f"try: app({words!r})\nexcept SystemExit as end: status = end.code or 0\n"
        f"sys.stderr.write('imported: ' + ' '.join(name for name in {names!r} if name in sys.modules))\n"
        "sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout, done.stderr.rpartition("imported: ")[2]


@pytest.mark.parametrize("words", [["--help"], ["check", "ape"]], ids=" ".join)
def test_help_and_check_import_only_what_they_need(words: list[str], tmp_path: Path) -> None:
    status, output, found = imported(words, NOT_FOR[words[0]], tmp_path)
    assert (status, found) == (0, "")
    assert output


def test_a_run_from_the_cache_imports_no_client_and_no_model_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path / "runs"))
    search = ["run", "random-search", "--task", "planted", "-p", "n=1", "-p", "pulls=4", "-p", "scored_on=2", "--json", "--yes"]
    with Server().beside() as server:
        to = [*search, "--model", "m", "--api-base", server.url]
        first = imported(to, ("aiohttp", "litellm"), tmp_path)
        paid = len(server.requests)
        again = imported([*to, "--cache", "only"], NOT_FOR["run"], tmp_path)
        assert len(server.requests) == paid > 0
    assert (first[0], first[2]) == (0, "aiohttp")
    assert (again[0], again[2]) == (0, "")


@pytest.mark.parametrize(
    ("words", "built"),
    [
        (["check", "ape"], ["check"]),
        (["cache", "stats"], ["cache"]),
        (["chek"], None),
        (["--version"], None),
        ([], None),
    ],
    ids=str,
)
def test_a_command_is_built_without_the_others(words: list[str], built: list[str] | None) -> None:
    found = get_command(_app_of(words[:1]))
    assert isinstance(found, TyperGroup)
    assert list(found.commands) == (built or list(get_command(app).commands))  # type: ignore[attr-defined]


def test_no_pattern_of_a_metric_or_a_parser_is_compiled_at_import(tmp_path: Path) -> None:
    code = (
        "import re, re._compiler as compiler\nmade = []\nwhole = compiler.compile\n"
        "compiler.compile = lambda pattern, flags=0: (made.append(1), whole(pattern, flags))[1]\n"
        "import promptwire.metrics.metric, promptwire.templating.template\nprint(len(made))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert int(done.stdout) < 120, "of 320; libraries compile some"
