"""Charts: specifications with the data of a run, which Vega-Lite draws as pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import UsageError
from promptwire.page import vega
from promptwire.page.charts import AXES, CHARTS, filled
from promptwire.page.data import page_data
from promptwire.page.values import to_text
from promptwire.page.vega import chart_script, draw_chart, making_script
from promptwire.results.run import Run
from tests.page_runs import page_run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Data of a page as JSON values."""
    return json.loads(to_text(page_data(Run.open(page_run(tmp_path_factory.mktemp("run") / "run")))))


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_drawn_as_svg_and_png(data: Any, chart: str) -> None:
    spec = filled(chart, data)
    assert spec is not None
    svg = draw_chart(spec, "svg").decode()
    assert svg.startswith("<svg") and {"progress": ">Calls<", "scores": ">held-out<", "usage": ">search.edits<"}[chart] in svg
    assert draw_chart(spec, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("axis", AXES)
def test_the_best_so_far_is_drawn_against_each_axis(data: Any, axis: str) -> None:
    spec = filled("progress", data, axis=axis)
    assert spec is not None and spec["encoding"]["x"]["field"] == axis and f">{AXES[axis]}<" in draw_chart(spec, "svg").decode()
    line = spec["datasets"]["line"]
    assert line[-1][axis] == spec["datasets"]["points"][-1][axis] and line[-1]["score"] == line[-2]["score"]


def test_a_refused_specification_is_an_error_with_the_reason() -> None:
    with pytest.raises(UsageError, match="Vega-Lite can't draw it"):
        draw_chart({"mark": 7}, "svg")


def test_without_vl_convert_a_picture_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    with pytest.raises(UsageError, match=r"pip install 'promptwire\[page\]'"):
        draw_chart({}, "svg")


def test_the_script_is_kept_and_a_damaged_copy_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Converter:
        def javascript_bundle(self, snippet: str) -> str:
            made.append(snippet)
            return "let x = 1;\n"

    monkeypatch.setattr(vega, "_converter", Converter)
    assert (chart_script(tmp_path), chart_script(tmp_path), len(made)) == ("let x = 1;\n", "let x = 1;\n", 1)
    (kept,) = tmp_path.iterdir()
    kept.write_text(kept.read_text()[:-3])
    assert chart_script(tmp_path) == "let x = 1;\n" and len(made) == 2


@pytest.mark.parametrize(("program", "there"), [("open(sys.argv[1] + '/made', 'w')", True), ("raise ValueError", False)])
def test_the_script_is_made_beside_other_work_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, there: bool
) -> None:
    monkeypatch.setattr(vega, "version", lambda name: "1")
    monkeypatch.setattr(vega, "_MAKE", f"import sys; {program}")
    with making_script(tmp_path):
        pass
    made = tmp_path / "made"
    assert made.exists() == there
    made.unlink(missing_ok=True)
    vega._place(tmp_path).touch()  # type: ignore[union-attr]
    with making_script(tmp_path):
        pass
    assert not made.exists()


def test_without_the_package_there_is_no_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise vega.PackageNotFoundError(name)

    monkeypatch.setattr(vega, "version", missing)
    with making_script(tmp_path):
        assert chart_script(tmp_path) is None and not list(tmp_path.iterdir())
