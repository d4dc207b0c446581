"""`report`: the page, the pictures and the data of a run."""

from __future__ import annotations

import json
import sys
import webbrowser
from contextlib import nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.page import vega
from tests.page_runs import page_run

RUNNER = CliRunner()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run in the runs folder, and a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(vega, "chart_script", lambda cache: "window.vegaEmbed = null;")
    monkeypatch.setattr(vega, "making_script", lambda cache: nullcontext())
    return page_run(tmp_path / "runs" / "20261127-101500-mine").name


def test_the_page_is_written_beside_one_under_the_runs_name(run: str) -> None:
    done = RUNNER.invoke(app, ["report", "last"])
    assert done.exit_code == 0 and done.output.startswith(f"{run}.html: ")
    assert Path(f"{run}.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("name", "begin"), [("a.html", b"<!doctype"), ("a.json", b'{"format":1'), ("a.svg", b"<svg"), ("a.PNG", b"\x89PNG")]
)
def test_the_ending_of_the_file_chooses_the_format(run: str, name: str, begin: bytes) -> None:
    done = RUNNER.invoke(app, ["report", run, "-o", name])
    assert done.exit_code == 0, done.output
    assert Path(name).read_bytes().startswith(begin)


def test_a_chart_and_its_axis_can_be_chosen(run: str) -> None:
    assert RUNNER.invoke(app, ["report", run, "--format", "svg", "--axis", "tokens"]).exit_code == 0
    assert ">Tokens<" in Path(f"{run}.svg").read_text()
    assert RUNNER.invoke(app, ["report", run, "-o", "u.svg", "--chart", "usage"]).exit_code == 0
    assert "search.select" in Path("u.svg").read_text()


def test_without_vl_convert_the_page_is_whole_but_for_its_chart_and_a_picture_names_the_extra(
    run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vega, "chart_script", lambda cache: None)
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    done = RUNNER.invoke(app, ["report", run])
    assert done.exit_code == 0 and "pip install 'promptwire[page]'" in done.output and Path(f"{run}.html").is_file()
    refused = RUNNER.invoke(app, ["report", run, "-o", "a.svg"])
    assert refused.exit_code != 0 and "pip install 'promptwire[page]'" in str(refused.exception)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["none"], "there is no run 'none'"),
        (["last", "-o", "page.pdf"], "unknown format of 'page.pdf'"),
        (["last", "-o", "no/such/folder/page.html"], "can't be written"),
    ],
)
def test_a_mistake_is_one_clear_error(run: str, arguments: list[str], problem: str) -> None:
    done = RUNNER.invoke(app, ["report", *arguments])
    assert done.exit_code != 0 and problem in str(done.exception)


def test_a_chart_that_the_run_has_no_data_for_is_refused(tmp_path: Path, run: str) -> None:
    page_run(tmp_path / "runs" / "begun", report=False)
    done = RUNNER.invoke(app, ["report", "begun", "-o", "a.svg", "--chart", "scores"])
    assert done.exit_code != 0 and "nothing for the chart 'scores'" in str(done.exception)


def test_the_data_have_the_values_of_the_page(run: str) -> None:
    RUNNER.invoke(app, ["report", run, "-o", "a.json"])
    found = json.loads(Path("a.json").read_text())
    assert found["run"]["name"] == run and [one["score"] for one in found["candidates"]] == [0.25, 0.75, 0.625]


@pytest.mark.parametrize(("opens", "said"), [(True, ""), (False, "no browser could be started")])
def test_the_file_is_opened_in_the_browser(run: str, monkeypatch: pytest.MonkeyPatch, opens: bool, said: str) -> None:
    asked: list[str] = []

    def fake(address: str) -> bool:
        asked.append(address)
        return opens

    monkeypatch.setattr(webbrowser, "open", fake)
    done = RUNNER.invoke(app, ["report", run, "-o", "a b.html", "--open"])
    assert asked == [Path("a b.html").absolute().as_uri()] and said in done.output
