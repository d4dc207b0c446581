"""bench/peers: the fake server counts what it sees, and the page shows the tables of the runs that are kept. No peer is needed."""

from __future__ import annotations

import ast
import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest
from peers import __main__ as bench
from peers import measure, table
from peers.admission import Admission, Settings
from peers.records import Records
from peers.replies import item, label_of, reply
from peers.works import BARE, COLUMNS, OURS, SEARCHES, TOOLS, WORKS, Work

from promptwire.documents import resources
from promptwire.language.check import load_graph


def body(text: str, **more: object) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text}], **more}).encode()


def texts(made: bytes) -> list[str]:
    return [choice["message"]["content"] for choice in json.loads(made)["choices"]]


async def statuses(address: str, waves: list[int]) -> list[int]:
    """Status of each request, 0 for a lost connection; `waves` says how many are sent together."""
    found: list[int] = []
    async with aiohttp.ClientSession() as session:

        async def one(number: int) -> int:
            try:
                async with session.post(f"{address}/v1/chat/completions", data=body(item(number))) as answer:
                    await answer.read()
                    return answer.status
            except aiohttp.ClientError:
                return 0

        for size in waves:
            found += await asyncio.gather(*(one(number) for number in range(size)))
    return found


@pytest.fixture(scope="module")
def address() -> object:
    with measure.running_server() as found:
        yield found


async def test_requests_the_peak_and_the_longest_chain_are_counted(address: str) -> None:
    measure.control(address, Settings(latency=0.2))
    assert await statuses(address, [4, 1, 7]) == [200] * 12
    seen = measure.control(address)
    assert (seen["requests"], seen["answered"], seen["peak"], seen["chain"]) == (12, 12, 7, 3)
    assert seen["latency"] == pytest.approx(2.4) and seen["chain_seconds"] == pytest.approx(0.6)
    assert seen["span"] >= 0.6


async def test_one_request_more_than_is_allowed_is_refused(address: str) -> None:
    measure.control(address, Settings(latency=0.2, allowed=3))
    assert sorted(await statuses(address, [5])) == [200, 200, 200, 429, 429]
    seen = measure.control(address)
    assert (seen["refused"], seen["answered"], seen["peak"]) == (2, 3, 3)


async def test_faults_are_drawn_by_the_seed_and_counted(address: str) -> None:
    settings = Settings(errors=0.2, throttled=0.2, dropped=0.2, seed=4)
    runs = []
    for _ in range(2):
        measure.control(address, settings)
        await statuses(address, [1] * 60)
        seen = measure.control(address)
        runs.append([seen[name] for name in ("answered", "refused", "failed", "dropped")])
    assert runs[0] == runs[1] and min(runs[0]) > 0 and sum(runs[0]) == 60


def test_a_chain_is_made_of_requests_that_came_after_the_reply_before() -> None:
    """0 to 2, 1 to 3, 2 to 6, 4 to 5 seconds: the longest chain is the first, the third; or the second, the fourth."""
    admission, ends = Admission(Settings(latency=1.0)), {}
    for second, begin, end in [
        (0, "a", ""),
        (1, "b", ""),
        (2, "c", "a"),
        (3, "", "b"),
        (4, "d", ""),
        (5, "", "d"),
        (6, "", "c"),
    ]:
        if end:
            admission.finish(ends[end], second)
        if begin:
            ends[begin] = admission.admit(second)
    assert (admission.counters.chain, admission.counters.peak) == (2, 2)


def test_a_second_holds_as_many_requests_as_are_allowed_in_it() -> None:
    admission = Admission(Settings(per_second=2))
    taken = [admission.admit(now) is not None for now in (0.0, 0.1, 0.2, 1.05, 1.05)]
    assert taken == [True, True, False, True, False]


def test_lognormal_latencies_have_their_median_and_mean() -> None:
    settings = Settings(latency=0.5, spread=0.5)
    admission = Admission(settings)
    drawn = sorted(found.latency for now in range(2000) if (found := admission.admit(now)))
    assert drawn[1000] == pytest.approx(0.5, rel=0.05)
    assert sum(drawn) / 2000 == pytest.approx(settings.mean, rel=0.05)


def test_an_item_gets_its_label_for_most_texts() -> None:
    right = [texts(reply(body(f"Prompt {number}. {item(7)}"))) == [label_of(7)] for number in range(400)]
    assert 0.6 < sum(right) / 400 < 0.8


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Reply in this form:\n<instruction>the new instruction</instruction>", "<instruction>Variant "),
        ("bracketed with <prompt> and ending it with </prompt>", "<prompt>Variant "),
        ("Provide the new instructions within ``` blocks.", "```\nVariant "),
        (
            "Respond with the corresponding output fields, `[[ ## proposed_instruction ## ]]`",
            "[[ ## proposed_instruction ## ]]",
        ),
    ],
    ids=["promptwire", "promptolution", "gepa", "dspy"],
)
def test_each_tool_gets_new_prompts_in_its_form(text: str, begins: str) -> None:
    made = texts(reply(body(text, n=3)))
    assert len(set(made)) == 3 and all(each.startswith(begins) for each in made)


def test_the_bare_client_does_its_work_as_a_process(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "HOME", tmp_path)
    small = Work("small", Settings(latency=0.05), 4, prompts=2, examples=6)
    monkeypatch.setattr(measure, "WORKS", {"small": small})
    run = measure.take("small", BARE, address)
    assert (run["rows"], run["answered"], run["peak"]) == (12, 12, 4)
    assert run["chain"] >= 3 and run["seconds"] >= 0.15 and run["megabytes"] > 0


def test_a_tool_that_fails_is_kept_with_its_error(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "HOME", tmp_path)
    monkeypatch.setattr(measure, "WORKS", {"bad": Work("bad", Settings(), 1, searches={BARE: ("unknown", {})})})
    run = measure.take("bad", BARE, address)
    assert "KeyError" in run["error"] and "seconds" not in run


@pytest.mark.parametrize("name", SEARCHES)
def test_the_searches_of_promptwire_are_shipped_pipelines_that_take_their_settings(name: str) -> None:
    _, told = WORKS[name].searches[OURS]
    assert told["pipeline"] in resources.pipelines()
    load_graph(told["pipeline"], params={key: json.dumps(value) for key, value in told["params"].items()})


@pytest.mark.parametrize("tool", TOOLS)
def test_each_work_is_one_that_the_tool_has(tool: str) -> None:
    script = Path(measure.__file__).parent / "tools" / TOOLS[tool].script
    names = {node.name for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)}
    asked = {work.searches[tool][0] if work.searches else TOOLS[tool].evaluate for work in WORKS.values() if tool in work.tools}
    assert asked <= names


def run(work: str, tool: str, turn: int, seconds: float, **more: object) -> dict[str, object]:
    numbers = dict.fromkeys(("requests", "answered", "peak", "chain", "rows", "cpu", "whole", "megabytes"), 10)
    return {"work": work, "tool": tool, "round": turn, "seconds": seconds, "latency": 100.0, **numbers, **more}


def kept() -> Records:
    versions = {name: dict.fromkeys(("promptwire", "aiohttp", "dspy", "gepa", "promptolution"), "1.0") for name in TOOLS}
    machine = {"cores": 2, "processor": "x", "system": "Linux", "python": "3.11", "versions": versions, "made": "2026-11-27"}
    runs = [run(name, tool, turn, 4.0 + turn) for name in COLUMNS for tool in (BARE, OURS) for turn in range(3)]
    runs += [run(name, "gepa", 0, 25.0) for name in COLUMNS]
    return Records(machine, [*runs, {"work": "limited", "tool": "gepa", "round": 0, "error": "it fell"}])


def test_tables_show_ratios_of_medians_what_failed_and_the_goals() -> None:
    text = table.written("before <!-- peers --> old <!-- end of peers --> after", kept())
    assert "old" not in text and text.startswith("before ") and text.endswith(" after")
    assert "| **promptwire** | **1.60** | **5.00** | **5.00** | **5.00** |" in text, (
        "5 s to 100 s of latency in 32 and 100 places"
    )
    assert "| gepa | 5.00 | 5.00 | 5.00 | 5.00 |" in text, "multiples of promptwire's time"
    assert "| gepa | ends with an error | - | - |" in text
    assert "Measured on 2026-11-27: 2 cores (x), Linux, Python 3.11; " in text
    assert "Medians of rounds: aiohttp 3, promptwire 3, dspy 0, dspy Parallel 0, promptolution 0, gepa 1." in text
    assert "| 50 ms × 32: time to bare aiohttp's | 1.25 | 1.00 | met |" in text
    assert "| processor time of a new call to bare aiohttp's | 2 | 1.00 | met |" in text
    assert "8 at once: requests" not in text, "a goal without figures is left out"


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        table.written("no marks", kept())


def test_the_page_shows_the_tables_of_the_runs_that_are_kept() -> None:
    page = bench.PAGE.read_text(encoding="utf-8")
    assert table.written(page, Records.read(bench.RUNS)) == page, "write it anew: python -m bench.peers --page"


def test_only_missing_runs_are_made_and_a_long_one_of_a_peer_once() -> None:
    def left(turn: int, only: str = "50ms-32") -> list[str]:
        return [tool for _, tool in bench.missing(kept(), turn, only=[only], long=8.0)]

    assert left(0) == ["dspy", "dspy Parallel", "promptolution"]
    assert "gepa" not in left(1), "25 s are more than 8"
    assert left(3)[:3] == ["dspy Parallel", "promptolution", BARE], "the first tool turns with the round"
    assert left(3, "search-opro") == ["promptolution", OURS]


def test_the_scripts_of_peers_import_nothing_of_promptwire() -> None:
    folder = Path(measure.__file__).parent / "tools"
    for script in folder.glob("*.py"):
        imports = [node for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)]
        assert script.name == "with_promptwire.py" or not any((node.module or "").startswith("promptwire") for node in imports)
    assert str(folder) not in sys.path, "a script's folder is first on its own path only"
