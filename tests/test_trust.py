"""What a run keeps to itself and what it keeps for you: keys leave no trace, and a run that is cut short has lost nothing."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from promptwire.api import run
from promptwire.cache.disk import ResponseCache
from promptwire.cli.app import app
from promptwire.errors import TransientError
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.limits import RateLimits
from promptwire.options import Options, cache_folder
from tests.openai_server import Fault, Server, refused

KEY = "sk-planted-4f1d0c9ab27e"
PASSWORD = "pw-planted-93aa71"
WORDS = ["run", "ape-paraphrase", "--task", "words", "--prompt", "Say it.", "--metric", "contains", "--model", "openai/m"]
SMALL = ["-p", "n=4", "-p", "scored_on=8", "-p", "first=4", "-p", "width=2"]

HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import promptwire.cli.app as cli; cli.main()"
"""The program, where interrupts are heard: tests that a shell runs in the background have them ignored."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small task, in which everything that is run leaves what it leaves."""
    folder = tmp_path / "words"
    folder.mkdir()
    for name, start in (("train", 0), ("test", 100)):
        rows = [{"input": f"word {number}", "output": f"reply {number}"} for number in range(start, start + 12)]
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def here(*words: str) -> Any:
    """The same program in this process, which costs no start."""
    return CliRunner().invoke(app, list(words))


def left(folder: Path) -> bytes:
    """All bytes of all files below `folder`."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


FAULTS: dict[str, Fault | None] = {
    "no fault": None,
    "a refusal that quotes it": refused(f"the key {KEY} may not do this"),
    "a wrong key that is quoted": refused(f"Incorrect API key provided: {KEY}", 401),
    "an overflow that quotes it": refused(f"maximum context length exceeded for {KEY}"),
}

ENDS_WITH_A_REPORT = ("no fault", "a refusal that quotes it", "an overflow that quotes it")
"""A refused row is left out and counted once others are scored; its reason is written, and may hold no key."""


CODE = """
import os, traceback
import promptwire as p

for number, base in enumerate({bases!r}):
    os.environ["PROMPTWIRE_CACHE"] = f"cache-{{number}}"
    try:
        print(p.run("ape-paraphrase", "words", p.Options(**{options!r}, api_bases={{"task": base}})))
    except p.PromptwireError:
        traceback.print_exc()
"""


@pytest.mark.parametrize(
    ("model", "faults"),
    [*(("openai/m", [fault]) for fault in FAULTS), pytest.param("litellm:openai/m", [*FAULTS], marks=pytest.mark.heavy)],
)
def test_a_key_is_in_no_file_no_message_and_no_traceback(
    project: Path, model: str, faults: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With litellm all in one process, since its import takes ten seconds."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    servers = [Server() for _ in faults]
    for server, fault in zip(servers, faults, strict=True):
        server.key, server.storm = KEY, lambda number, body, fault=fault: FAULTS[fault] if number > 4 else None
    options = {
        "models": {"task": model},
        "task": {"prompt": "Say it.", "metric": "contains"},
        "params": {"n": "4", "scored_on": "8", "first": "4", "width": "2"},
    }
    with ExitStack() as running:
        for server in servers:
            running.enter_context(server.beside())
        code = CODE.format(bases=[server.url for server in servers], options=options)
        out, err = command("-c", code).communicate(timeout=120)
    assert err.count("Traceback (most recent call last)") >= sum(fault not in ENDS_WITH_A_REPORT for fault in faults), err
    assert ("Traceback" in err) == any(fault not in ENDS_WITH_A_REPORT for fault in faults), err
    assert out.count("pipeline='ape-paraphrase'") == sum(fault in ENDS_WITH_A_REPORT for fault in faults), out
    assert KEY not in out + err
    assert all(len(server.requests) > 5 for server in servers)
    found = left(project)
    assert b"reply" in found and KEY.encode() not in found


def test_a_password_in_an_address_is_in_no_file_and_no_message(project: Path) -> None:
    server = Server()
    with server.beside():
        base = server.url.replace("http://", f"http://me:{PASSWORD}@")
        server.storm = lambda number, body: refused("no") if number > 30 else None
        said = here(*WORDS, "--api-base", base).output
    assert "HTTP 400: no" in said
    assert PASSWORD not in said
    found = left(project)
    assert b"reply" in found and PASSWORD.encode() not in found


def test_what_an_endpoint_quotes_of_an_address_is_in_no_file_and_no_message(project: Path) -> None:
    basic = base64.b64encode(f"me:{PASSWORD}".encode()).decode().rstrip("=")
    quoted = f"Basic {basic}= {PASSWORD} {KEY}"
    server = Server()
    with server.beside():
        base = server.url.replace("http://", f"http://me:{PASSWORD}@") + f"?api-key={KEY}&api-version=1"
        server.reply = lambda body, number: f"reply {len(server.requests)} to {quoted}"
        server.storm = lambda number, body: refused(f"no {quoted}") if number > 30 else None
        said = here(*WORDS, "--api-base", base).output
    found = left(project)
    assert "HTTP 400: no" in said and b"reply" in found
    for secret in (PASSWORD, KEY, basic):
        assert secret not in said
        assert secret.encode() not in found
    assert set(server.queries) == {f"api-key={KEY}&api-version=1"}


def test_an_address_that_is_refused_is_shown_without_its_password(project: Path) -> None:
    words = [*WORDS, "--api-base", f"ftp://u:{PASSWORD}@host/x?key={KEY}"]
    first = command("-m", "promptwire", *words)
    out, err = first.communicate(timeout=60)
    assert first.returncode == 2
    assert "not an address" in err and PASSWORD not in out + err and KEY not in out + err


def told(server: Server) -> Options:
    params = {"n": "4", "scored_on": "8", "first": "4", "width": "2"}
    task = {"prompt": "Say it.", "metric": "contains"}
    return Options(models={"task": "openai/m"}, api_bases={"task": server.url}, params=params, task=task)


def test_a_run_that_lost_its_endpoint_says_where_keeps_all_and_goes_on(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.gateway.gateway.RetryPolicy", lambda: RetryPolicy(sleep=lambda seconds: asyncio.sleep(0)))
    server = Server()
    with server.beside():
        server.storm = lambda number, body: Fault("reset") if number >= 20 else None
        with pytest.raises(TransientError) as lost:
            run("ape-paraphrase", "words", told(server))
        assert (lost.value.exit_code, server.paid) == (4, 20 + 3)
        assert server.url in str(lost.value) and "the connection failed" in str(lost.value)
        (folder,) = (project / "runs").iterdir()
        assert not (folder / "report.json").exists()
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        assert {event["path"] for event in events if event["event"] == "lost"} <= {event.get("path") for event in events}
        server.storm = lambda number, body: None
        rest = run("ape-paraphrase", "words", told(server))
        paid, server.paid = server.paid, 0
        monkeypatch.setenv("PROMPTWIRE_CACHE", str(project / "another"))
        whole = run("ape-paraphrase", "words", told(server))
    assert server.paid == paid == whole.calls.new
    assert rest.calls.new == paid - 23
    assert (rest.prompt, rest.test, rest.train) == (whole.prompt, whole.test, whole.train)


def test_one_interrupt_waits_for_what_is_in_flight_keeps_it_and_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, waited = Server(), ["--parallel", "4"]
    with server.beside():
        base = ["--api-base", server.url]
        server.latency = 0.3
        first = command("-c", HEARS, *WORDS, *SMALL, *base, *waited)
        while len(server.requests) < 10 and first.poll() is None:
            time.sleep(0.005)
        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=60)
        assert (first.returncode, out) == (130, "")
        assert "waiting for paid requests in flight" in err and "the same command goes on from here" in err
        assert "Traceback" not in err
        sent, paid, server.latency = len(server.requests), server.paid, 0.0
        assert sent <= 14, "it went on starting requests"
        rest: dict[str, Any] = json.loads(here(*WORDS, *SMALL, *base, *waited, "--json").stdout)
        assert paid >= sent
        assert rest["calls"]["new"] == server.paid - paid
        monkeypatch.setenv("PROMPTWIRE_CACHE", str(project / "another"))
        whole = json.loads(here(*WORDS, *SMALL, *base, "--json").stdout)
    assert rest["calls"]["new"] == whole["calls"]["new"] - paid
    assert (rest["prompt"], rest["test"]) == (whole["prompt"], whole["test"])


def test_a_second_interrupt_leaves_at_once_without_a_traceback_and_keeps_what_was_stored(project: Path) -> None:
    server = Server()
    with server.beside():
        words = [*WORDS, *SMALL, "--api-base", server.url, "--parallel", "4"]
        server.latency = 0.1
        first = command("-c", HEARS, *words)
        while server.paid < 10 and first.poll() is None:
            time.sleep(0.005)
        server.latency = 3600.0
        sent = len(server.requests)
        while len(server.requests) < sent + 4 and first.poll() is None:
            time.sleep(0.005)
        first.send_signal(signal.SIGINT)
        assert first.stderr is not None
        said = first.stderr.readline() + first.stderr.readline()
        while "waiting for paid requests in flight" not in said:
            line = first.stderr.readline()
            assert line, f"it ended without saying that it waits: {said}"
            said += line
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=60)
        assert first.returncode == 130
        assert "left at once" in err and "Traceback" not in err
    kept = ResponseCache(cache_folder()).stats().rows
    assert 0 < kept <= server.paid


def test_paces_in_the_file_and_on_the_command_line_are_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, RateLimits]] = []

    class Looked(Gateway):
        def __init__(self, **facts: Any) -> None:
            seen.append(facts["rate_limits"])
            super().__init__(**facts)

    monkeypatch.setattr("promptwire.running.session_setup.Gateway", Looked)
    (project / "own.yaml").write_text(
        "promptwire: 1\nextends: ape-paraphrase\nlimits: {roles: {task: {parallel: 3, requests_per_minute: 5000}}}\n"
    )
    server = Server()
    server.latency = 0.01
    with server.beside():
        limit = ["--limit", "task.tokens_per_minute=900000", "--limit", "meta.requests_per_minute=4000"]
        words = ["run", "own.yaml", *WORDS[2:], "--api-base", server.url, *SMALL, *limit, "--json"]
        done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    # One model plays all roles, so the strictest of their paces holds for it.
    identity = f"openai/m at {server.url}"
    assert seen == [{identity: RateLimits(parallel=3, requests_per_minute=4000, tokens_per_minute=900000)}]
    assert server.peak == 3


def test_runs_at_once_on_one_cache_end_the_same_and_the_next_pays_nothing(project: Path) -> None:
    server, many = Server(), 3
    server.latency = 0.005
    with server.beside():
        words = [*WORDS, *SMALL, "--api-base", server.url, "--json"]
        ended = [one.communicate(timeout=120) for one in [command("-m", "promptwire", *words) for _ in range(many)]]
        found = [json.loads(out) for out, _ in ended]
        paid, server.paid = server.paid, 0
        again = json.loads(here(*words).stdout)
    assert all((one["prompt"], one["test"], one["train"]) == (again["prompt"], again["test"], again["train"]) for one in found)
    assert (again["calls"]["new"], server.paid) == (0, 0)
    assert sum(one["calls"]["new"] for one in found) == paid
    # Only what two of them had in flight at the same moment was paid twice; what was stored, by neither again.
    rows = ResponseCache(cache_folder()).stats().rows
    assert rows <= paid <= many * rows
    checked = here("cache", "verify")
    assert checked.stdout and checked.exit_code == 0
