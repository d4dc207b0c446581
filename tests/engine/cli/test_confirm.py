"""`run` asks before a hosted model costs more than a threshold or has no known price."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from promptwire.api import plan
from promptwire.cli.app import app
from promptwire.cli.confirm import ConfirmPolicy
from promptwire.cli.progress import ProgressDisplay
from promptwire.options import Options
from promptwire.planning.dry_run import NotApproved
from promptwire.planning.plan import Plan


@pytest.fixture(scope="module")
def found() -> Plan:
    return plan("ape", "planted", Options(models={"task": "scripted:planted"}, params={"draws": "1", "n": "2"}))


def priced(plan: Plan, new: int | None, usd: float | None, *, hosted: bool = True) -> Plan:
    total = plan.total.model_copy(update={"new": new, "new_usd": usd})
    return plan.model_copy(update={"total": total, "hosted": hosted})


@pytest.mark.parametrize(
    ("new", "usd", "hosted", "asks"),
    [
        (10_000, 0.0, False, False),
        (10, 0.99, True, False),
        (10, 1.01, True, True),
        (201, None, True, True),
        (200, None, True, False),
        (None, None, True, True),
        (10**6, None, False, False),
    ],
)
def test_a_run_asks_above_a_price_and_without_a_known_price(
    found: Plan, new: int | None, usd: float | None, hosted: bool, asks: bool
) -> None:
    assert bool(ConfirmPolicy(False, 1.0).reason(priced(found, new, usd, hosted=hosted))) == asks


def test_without_a_terminal_a_costly_run_is_refused_unless_yes_is_given(found: Plan) -> None:
    costly = priced(found, 500, 12.5)
    with pytest.raises(NotApproved, match=r"500 new calls, about \$12.50: .* more than \$1, .*\n.*--yes") as refusal:
        ConfirmPolicy(False, 1.0).approver(None)(costly)
    assert refusal.value.exit_code == 2
    ConfirmPolicy(True, 1.0).approver(None)(costly)
    ConfirmPolicy(False, 20.0).approver(None)(costly)


@pytest.mark.parametrize(("answer", "goes"), [(True, True), (False, False), (KeyboardInterrupt(), False)])
def test_at_a_terminal_the_users_answer_decides(found: Plan, monkeypatch: pytest.MonkeyPatch, answer: Any, goes: bool) -> None:
    screen = io.StringIO()

    def typed(question: str, **rest: Any) -> bool:
        assert "more than $1" in question
        if isinstance(answer, BaseException):
            raise answer
        return bool(answer)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", typed)
    display = ProgressDisplay(Console(file=screen, force_terminal=True))
    with display.drawing():
        approve = ConfirmPolicy(False, 1.0).approver(display)
        if goes:
            approve(priced(found, 500, 12.5))
        else:
            with pytest.raises(NotApproved, match="no call was made"):
                approve(priced(found, 500, 12.5))
    assert "500 new calls" in screen.getvalue()


def test_warnings_of_the_plan_are_shown_before_the_first_call(found: Plan) -> None:
    screen = io.StringIO()
    display = ProgressDisplay(Console(file=screen, width=200))
    plain = found.model_copy(update={"notes": ("warning: few examples", "an estimate")})
    ConfirmPolicy(False, 1.0).approver(display)(plain)
    assert "warning: few examples" in screen.getvalue() and "an estimate" not in screen.getvalue()


def test_without_a_display_only_the_warnings_are_said(found: Plan) -> None:
    said: list[str] = []
    ConfirmPolicy(False, 1.0).approver(None, said.append)(found.model_copy(update={"notes": ("warning: few", "an estimate")}))
    assert said == ["warning: few"]


def test_quiet_and_json_print_warnings_on_standard_error_and_json_holds_them() -> None:
    quiet, as_json = (
        run("--model", "scripted:planted", "--limit", "calls=9", "--cache", "off", one) for one in ("-q", "--json")
    )
    for done in (quiet, as_json):
        assert "warning: the budget may end the search" in done.stderr and "new calls" not in done.stderr
    noted = json.loads(as_json.stdout)["notes"]
    assert any(note.startswith("warning: the budget may end the search") for note in noted)
    assert "warning: the budget may end the search" not in quiet.stdout


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["run", "ape", "--task", "planted", "-p", "draws=1", "-p", "n=2", *words])


def test_a_run_prints_its_plan_and_a_cached_run_prints_none() -> None:
    words = ("--model", "scripted:planted")
    first, again = run(*words), run(*words)
    assert "at most" in first.stderr and "free of charge" in first.stderr
    assert again.stderr.startswith("best prompt: ") and "at most" not in again.stderr
    assert "at most" not in run(*words, "--json", "--seed", "1").stderr


def test_a_hosted_model_without_a_price_is_refused_and_leaves_no_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run("--model", "openai/no-such-model", "--json").exception
    assert isinstance(refused, NotApproved)
    assert "openai/no-such-model: not in litellm's price list" in str(refused)
    assert not list((tmp_path / "runs").iterdir())


def test_the_threshold_is_an_option_or_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--model", "openai/gpt-4o", "--json")
    assert "more than $0.001" in str(run(*words, "--ask-above", "0.001").exception)
    monkeypatch.setenv("PROMPTWIRE_ASK_ABOVE", "0.002")
    assert "more than $0.002" in str(run(*words).exception)
