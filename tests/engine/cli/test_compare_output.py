"""Output of `compare`: which form is printed, which file is written, and that it is opened."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest

from promptwire.cli.compare_output import ComparisonChart, TableFormat, Wanted, deliver
from promptwire.cli.output_file import Axis
from promptwire.comparing.table import make_table
from promptwire.errors import RunError, UsageError
from promptwire.page import vega
from tests.engine.comparing.cells import hostile_table, world

TEXT, CSV, HTML, JSON = TableFormat.text, TableFormat.csv, TableFormat.html, TableFormat.json


def wanted(form: TableFormat | None = None, to: str = "", *, as_json: bool = False, show: bool = False) -> Wanted:
    file = Path(to) if to else None
    return Wanted(form=form, to=file, json=as_json, chart=ComparisonChart.curves, axis=Axis.calls, show=show)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(vega, "chart_script", lambda cache: None)


@pytest.mark.parametrize(
    ("given", "printed", "file", "form"),
    [
        (wanted(), TEXT, None, None),
        (wanted(CSV), CSV, None, None),
        (wanted(as_json=True), JSON, None, None),
        (wanted(to="a.html"), TEXT, "a.html", HTML),
        (wanted(to="a.HTM"), TEXT, "a.HTM", HTML),
        (wanted(to="a.tex"), TEXT, "a.tex", TableFormat.latex),
        (wanted(CSV, "a.txt"), TEXT, "a.txt", CSV),
        (wanted(HTML), TEXT, "comparison.html", HTML),
        (wanted(show=True), TEXT, "comparison.html", HTML),
        (wanted(to="a.html", as_json=True), JSON, "a.html", HTML),
    ],
)
def test_a_file_has_the_form_of_its_name_and_the_terminal_keeps_the_table(
    given: Wanted, printed: TableFormat, file: str | None, form: TableFormat | None
) -> None:
    assert given.printed is printed and given.target == (Path(file) if file else None)
    assert given.target is None or given.file_form(given.target) is form


def test_an_unknown_ending_is_refused_before_anything_is_run() -> None:
    with pytest.raises(UsageError, match=r"unknown format of 'a\.pdf'"):
        wanted(to="a.pdf").check()


@pytest.mark.parametrize(("opens", "said"), [(True, ""), (False, "no browser could be started")])
def test_the_page_is_written_told_and_opened(
    opens: bool, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def fake(address: str) -> bool:
        seen.append(address)
        return opens

    monkeypatch.setattr(webbrowser, "open", fake)
    deliver(make_table(world({"ape": 0.9})), wanted(show=True))
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1] == "comparison.html: 0.1 MB" and said in shown.err
    assert seen == [Path("comparison.html").absolute().as_uri()] and Path("comparison.html").read_text().startswith("<!doctype")


def test_json_with_a_broken_text_is_still_json_and_the_file_is_told_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(hostile_table(), wanted(to="table.md", as_json=True))
    shown = capsys.readouterr()
    assert "\ud800" in json.loads(shown.out)["cells"][0]["prompt"] and shown.err == "table.md: 0.0 MB\n"


def test_a_picture_of_nothing_is_an_error() -> None:
    with pytest.raises(RunError, match="nothing for the chart 'curves' against calls"):
        deliver(make_table(world({"ape": 0.9})), wanted(to="a.svg"))
