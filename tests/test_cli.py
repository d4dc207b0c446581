"""The command line: results, exit codes, and one error for each mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import promptwire
from promptwire.cli.app import app, main
from promptwire.gateway.retry import RetryPolicy

SCRIPT = """
- {when: 'How does.*Input: good', kind: choose, choose: positive}
- {when: 'How does.*Input: bad', kind: choose, choose: negative}
- {kind: choose, choose: positive}
- {kind: generate, reply: ["How does it feel?", "What is this?", "Say more.", "Name the mood."]}
"""

Run = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with a task of two labels and a scripted model that answers right for one prompt."""
    rows = [{"input": f"{word} {number}", "output": label} for number in range(20) for word, label in WORDS]
    for name, part in (("train", rows[:20]), ("test", rows[20:])):
        (tmp_path / "mood").mkdir(exist_ok=True)
        (tmp_path / "mood" / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in part))
    (tmp_path / "model.yaml").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


WORDS = (("good", "positive"), ("bad", "negative"))
MOOD = ["--task", "mood", "--prompt", "Classify.", "--metric", "choice", "--labels", "positive,negative"]
SCRIPTED = ["--model", "scripted:model.yaml"]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def failing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    """Exit code and standard error of a command, through `main`."""
    monkeypatch.setattr(sys, "argv", ["promptwire", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0, capsys.readouterr().err


def report(*words: str) -> dict[str, Any]:
    result = run("run", "ape-paraphrase", *MOOD, *SCRIPTED, "--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_run_finds_the_better_prompt_and_reports_held_out_scores(project: Path) -> None:
    found = report()
    assert (found["initial_prompt"], found["prompt"]) == ("Classify.", "How does it feel?")
    assert (found["test"]["initial"]["score"], found["test"]["best"]["score"], found["test"]["best"]["n"]) == (0.5, 1.0, 20)
    assert found["test"]["initial"]["low"] < 0.5 < found["test"]["initial"]["high"]
    assert (found["cost_usd"], found["calls"]["failed"]) == (0.0, 0)
    assert (project / found["run"] / "report.json").is_file()


def test_a_repeated_run_makes_no_new_call_and_gives_the_same_result(project: Path) -> None:
    first, again = report(), report()
    assert again["calls"] == {"new": 0, "cached": first["calls"]["new"] + first["calls"]["cached"], "failed": 0}
    same = ("prompt", "initial_prompt", "test", "train", "counts")
    assert {key: first[key] for key in same} == {key: again[key] for key in same}


def test_another_seed_makes_new_calls_and_a_larger_n_only_the_missing(project: Path) -> None:
    base = report("-p", "n=2")
    assert report("--seed", "1", "-p", "n=2")["calls"]["new"] > 0
    more = report("-p", "n=3")
    assert 0 < more["calls"]["new"] < base["calls"]["new"]


def test_the_printed_report_shows_both_prompts_and_intervals(project: Path) -> None:
    out = run("run", "ape-paraphrase", *MOOD, *SCRIPTED).stdout
    for words in ("Classify.", "How does it feel?", "held-out (n=20)", "0.500 [0.30, 0.70]", "+0.500", "$0.0000"):
        assert words in out


def test_a_limit_ends_the_run_early_with_the_best_prompt_so_far(project: Path) -> None:
    found = report("--limit", "calls=100")
    assert found["calls"]["new"] <= 100
    assert "limit of 100 calls" in found["limit"]
    assert found["test"]["best"]["n"] == 20


PLANTED = ("run", "protegi", "--task", "planted", "--model", "scripted:planted")


@pytest.mark.parametrize("most", [20_000, 60_000])
def test_a_token_limit_leaves_enough_for_the_held_out_scores(project: Path, most: int) -> None:
    result = run(*PLANTED, "--limit", f"tokens={most}", "--json")
    found = json.loads(result.stdout)
    assert f"the limit of {most} tokens is reached (" in found["limit"]
    assert (found["test"]["initial"]["n"], found["test"]["best"]["n"]) == (64, 64)
    assert found["notes"] == result.stderr.splitlines()
    assert found["tokens_in"] + found["tokens_out"] <= most


def test_a_too_small_limit_is_reported_with_the_scored_examples(project: Path) -> None:
    result = run(*PLANTED, "--limit", "tokens=3000", "--json")
    found = json.loads(result.stdout)
    scored = found["test"]["best"]["n"]
    assert 0 < scored < 64
    assert found["test"]["initial"]["n"] - scored <= 32
    shortage = f"warning: the limit left time or money to score {scored} of 64 held-out examples"
    assert found["notes"] == [*result.stderr.splitlines(), shortage]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["run", "apee", *MOOD], 2, "did you mean 'ape'?"),
        (["run", "none.yaml", *MOOD], 2, "none.yaml"),
        (["run", "ape", "--task", "plurall"], 2, "there is no shipped task 'plurall'\n  did you mean 'plural'?"),
        (["run", "ape", "--task", "none.yaml"], 2, "none.yaml"),
        (["run", "ape", "--task", "none.jsonl", "--prompt", "x"], 3, "none.jsonl: there is no such data file"),
        (["run", "ape", "--task", "mood"], 2, "mood: the task has no initial prompt"),
        (["run", "ape", "--task", "mood", "--prompt", "x", "--metric", "exct"], 2, "did you mean 'exact'?"),
        (
            ["run", "ape", "--task", "mood", "--prompt", "x", "--metric", "choice"],
            2,
            "names fewer than two: add `labels: [...]`",
        ),
        (["run", "ape", *MOOD, "-p", "n=many"], 2, "the param 'n' is Int, not the text 'many'"),
        (["run", "ape", *MOOD, "-p", "nn=3"], 2, "the pipeline has no param 'nn' - did you mean 'n'?"),
        (["run", "ape", *MOOD, "-p", "n"], 2, "-p 'n' is not of the form key=value"),
        (["run", "ape", *MOOD, "--limit", "cals=3"], 2, "unknown limit 'cals'\n  did you mean 'calls'?"),
        (["run", "ape", *MOOD, *SCRIPTED, "--limit", "calls=0"], 6, "the limit of 0 calls is reached"),
        (
            ["run", "ape", *MOOD, *SCRIPTED, "--limit", "tokens=0"],
            6,
            "nothing could be scored\n  give the run a higher --limit",
        ),
        (["run", "ape", *MOOD, *SCRIPTED, "--limit", "usd=0"], 6, "nothing could be scored"),
        (["run", "ape", *MOOD, *SCRIPTED, "--limit", "seconds=0"], 6, "nothing could be scored"),
        (["run", "ape", *MOOD, "--model", "scripted:none.yaml"], 2, "there is no script 'none.yaml'"),
        (["run", "ape", *MOOD, "--model", "locl"], 2, "unknown model 'locl'\n  did you mean 'local'?"),
        (["run", "ape", *MOOD, "--model", "local:none.gguf"], 2, "there is no model file 'none.gguf'"),
        (
            ["run", "ape", *MOOD, "--model", "mata=local"],
            2,
            "no role 'mata', so 'mata=local' names no model\n  did you mean 'meta'?",
        ),
        (["run", "ape", *MOOD, "--api-base", "tsk=http://h/v1"], 2, "names no address\n  did you mean 'task'?"),
        (["run", "ape", "--task", "one.jsonl", "--prompt", "Hi"], 3, "one.jsonl: 1 example can't be split"),
        (["run", "ape", *MOOD, "--cache", "sometimes"], 2, "cache: "),
        (["run", "ape-paraphrase", *MOOD, *SCRIPTED, "--cache", "only"], 7, "no answer for this call"),
    ],
)
def test_each_mistake_is_one_error_with_its_exit_code(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    message: str,
) -> None:
    (project / "one.jsonl").write_text('{"input": "a", "output": "b"}\n')
    ended, said = failing(capsys, monkeypatch, *words)
    assert (ended, message in said, "Traceback" in said) == (code, True, False), said


def test_an_unreachable_endpoint_is_one_error_after_the_retries(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptwire.gateway.gateway.RetryPolicy", lambda: RetryPolicy(tries=1))
    base = "http://127.0.0.1:9"
    ended, said = failing(capsys, monkeypatch, "run", "ape-paraphrase", *MOOD, "--model", "openai/x", "--api-base", base)
    assert (ended, base in said, "Traceback" in said) == (4, True, False), said


def test_check_prints_all_problems_and_exits_with_2(project: Path) -> None:
    bad = project / "bad.yaml"
    bad.write_text("promptwire: 1\ninputs: {seed: Prompts}\nnodes:\n  a: {use: resampel, prompts: $sed}\noutputs: {p: $b}\n")
    result = run("check", str(bad))
    assert result.exit_code == 2
    assert "bad.yaml:4:12: there is no node type 'resampel' - did you mean 'resample'?" in result.stdout
    problems = json.loads(run("check", str(bad), "--json").stdout)
    assert {problem["code"] for problem in problems} >= {"unknown-node", "unknown-name"}
    assert run("check", "ape", "protegi").exit_code == 0


def test_cache_stats_of_no_folder_are_zero_and_of_a_file_an_error(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(project / "none"))
    assert json.loads(run("cache", "stats", "--json").stdout)["answers"] == 0
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(project / "model.yaml"))
    ended, said = failing(capsys, monkeypatch, "cache", "stats")
    assert (ended, "can't be opened" in said, "Traceback" in said) == (7, True, False), said


def test_list_commands_print_shipped_names(project: Path) -> None:
    assert "protegi" in run("pipelines").stdout and "sentiment" in run("pipelines").stdout
    assert "beam-select" in run("nodes").stdout
    assert "Apache-2.0" in run("models").stdout
    report()
    stats = json.loads(run("cache", "stats", "--json").stdout)
    assert stats["answers"] > 0


def command(*words: str, **rest: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "promptwire", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **rest
    )


def test_a_deleted_working_folder_prints_no_traceback(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "promptwire", "pipelines"]
    code = f"import os; os.rmdir(os.getcwd()); os.execv({sys.executable!r}, {words})"
    (tmp_path / "gone").mkdir()
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "gone", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") and "protegi" in done.stdout


def test_json_prints_one_object_on_standard_output_only(project: Path) -> None:
    out, err = command("run", "ape-paraphrase", *MOOD, *SCRIPTED, "--json").communicate(timeout=60)
    found = json.loads(out)
    assert (found["prompt"], out.count("\n")) == ("How does it feel?", 1)
    assert found["notes"] == err.splitlines() and all(line.startswith("warning: ") for line in found["notes"])


def test_a_killed_run_continues_from_the_cache(project: Path) -> None:
    slow = project / "slow.yaml"
    slow.write_text("latency: 0.01\nrules:\n" + "".join(f"  {line}\n" for line in SCRIPT.strip().splitlines()))
    whole = ["run", "ape-paraphrase", *MOOD, "--model", "scripted:slow.yaml", "--json", "--parallel", "1"]
    first = command(*whole)
    database = Path(os.environ["PROMPTWIRE_CACHE"]) / "cache.db-wal"
    while first.poll() is None and not (database.is_file() and database.stat().st_size > 100_000):
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    rest = json.loads(command(*whole).communicate(timeout=60)[0])
    assert rest["calls"]["cached"] > 0
    again = json.loads(command(*whole).communicate(timeout=60)[0])
    assert again["calls"]["new"] == 0
    assert (rest["prompt"], rest["test"], rest["train"]) == (again["prompt"], again["test"], again["train"])


def test_version_prints_the_package_version_and_exits_with_0() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"promptwire {promptwire.__version__}\n")
