"""A sweep file becomes cells; each mistake in it is told with its place, before anything is spent."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import PipelineError, PromptwireError, UsageError
from promptwire.options import runs_folder
from promptwire.registry.plugins import load_plugin
from promptwire.sweeps.sweep_file import GIVEN, read_sweep
from tests.engine.sweeps.study import SWEEP, make_study


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_cells_are_those_of_all_sides_and_the_first_seed_comes_first(tmp_path: Path) -> None:
    sweep = read_sweep(make_study(tmp_path / "here"))
    assert [cell.title for cell in sweep.cells] == [
        "random-search n=2 pulls=24 on mood, seed 0",
        "one on mood, seed 0",
        "random-search n=2 pulls=24 on mood, seed 1",
        "one on mood, seed 1",
    ]
    assert dict(sweep.cells[1].options.params) == {"n": "1", "pulls": "12"}
    assert sweep.cells[0].options.models["task"] == f"scripted:{tmp_path / 'here' / 'rules.yaml'}"
    assert len({cell.key for cell in sweep.cells}) == 4


def test_a_key_depends_on_the_content_of_a_file_and_not_on_its_place(tmp_path: Path) -> None:
    text = SWEEP.replace("models: scripted:rules.yaml", "models: openai/some-model")
    here, there = (read_sweep(make_study(tmp_path / name, text)) for name in ("a", "b"))
    assert [cell.key for cell in here.cells] == [cell.key for cell in there.cells] and here.id == there.id
    (tmp_path / "b" / "mood" / "task.yaml").write_text(
        (tmp_path / "b" / "mood" / "task.yaml").read_text() + "template: task/completion.j2\n"
    )
    changed = read_sweep(tmp_path / "b" / "study.yaml")
    assert not {cell.key for cell in here.cells} & {cell.key for cell in changed.cells}


def test_limits_of_all_cells_are_no_part_of_the_sweeps_id_and_limits_of_a_cell_are(tmp_path: Path) -> None:
    plain = read_sweep(make_study(tmp_path))
    every = read_sweep(make_study(tmp_path, SWEEP + "limits: {all: {calls: 5}}\n"))
    each = read_sweep(make_study(tmp_path, SWEEP + "limits: {cell: {calls: 90}}\n"))
    assert (every.id, every.limits.calls) == (plain.id, 5)
    assert each.id != plain.id and each.cells[0].options.limits == {"calls": 90}


def test_several_models_make_rows_of_their_own(tmp_path: Path) -> None:
    models = "models: [{task: scripted:rules.yaml, name: a}, {task: scripted:silent.yaml, name: b, resources: {gpu: 1}}]"
    sweep = read_sweep(make_study(tmp_path, SWEEP.replace("models: scripted:rules.yaml", models)))
    assert {cell.row for cell in sweep.cells} == {
        "random-search n=2 pulls=24 @ a",
        "random-search n=2 pulls=24 @ b",
        "one @ a",
        "one @ b",
    }
    assert {cell.model: dict(cell.resources) for cell in sweep.cells} == {"a": {}, "b": {"gpu": 1}}


def test_keys_beside_a_task_replace_those_of_its_file(tmp_path: Path) -> None:
    tasks = "tasks: [mood/task.yaml, {task: mood/task.yaml, name: other, prompt: Say it.}]"
    sweep = read_sweep(make_study(tmp_path, SWEEP.replace("tasks: mood/task.yaml", tasks)))
    assert {cell.task_name: dict(cell.options.task) for cell in sweep.cells} == {
        "mood": {},
        "other": {"prompt": "Say it.", "task": "other"},
    }


def test_a_sweep_can_be_given_as_a_mapping(tmp_path: Path) -> None:
    make_study(tmp_path)
    given = {"sweep": "s", "pipelines": ["ape"], "tasks": ["mood/task.yaml"], "models": ["scripted:rules.yaml"], "seeds": [4]}
    assert [cell.seed for cell in read_sweep(given).cells] == [4]
    with pytest.raises(PipelineError, match=GIVEN):
        read_sweep({**given, "pipelines": ["ap"]})
    assert len(read_sweep({**given, "tasks": Path("mood/task.yaml"), "seeds": range(3)}).cells) == 3
    with pytest.raises(UsageError, match="can't hold a value of the type object"):
        read_sweep({**given, "tasks": [object()]})


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (("seeds: 2", "seeds: 2\nsedes: 3"), "9:1", "unknown key 'sedes' in a sweep file - did you mean 'seeds'"),
        (("seeds: 2", "seeds: [1, 1]"), "8:8", "different whole numbers"),
        (("seeds: 2", "seeds: 0"), "8:8", "different whole numbers"),
        (("n: 1, pulls: 12", "m: 1"), "5:5", "no param 'm'"),
        (("name: one", "nam: one"), "5:31", "did you mean 'name'"),
        (("name: one, params: {n: 1, pulls: 12}", "params: {n: 2, pulls: 24}"), "5:5", "entry 1 of 'pipelines' in line 4"),
        (("params: {n: 1, pulls: 12}", "params: {n: 2, pulls: 24}"), "3:1", "are the same run"),
        (("  - random-search", "  - random-serch"), "4:5", "did you mean 'random-search'"),
        (("  - random-search -p n=2", "  - random-search -p n"), "4:5", "can't be read"),
        (("  - random-search -p n=2 -p pulls=24", "  - gone.yaml"), "4:5", "no pipeline file"),
        (("tasks: mood/task.yaml", "tasks: mood/gone.yaml"), "6:8", "there is no task"),
        (("tasks: mood/task.yaml", "tasks: {task: mood/task.yaml, promt: x}"), "6:31", "did you mean 'prompt'"),
        (("scripted:rules.yaml", "scripted:gone.yaml"), "7:9", "there is no file"),
        (("seeds: 2", "seeds: 2\nplugins: gone.py"), "9:10", "no plug-in file"),
        (("seeds: 2", "seeds: 2\nlimits: {cell: {cals: 2}}"), "9:17", "did you mean 'calls'"),
        (("pipelines:", "pipelines: []\ndoc: |"), "3:12", "'pipelines' is empty"),
        (("name: one", "name: ' one'"), "5:5", "begins or ends with a space"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_column(tmp_path: Path, change: tuple[str, str], place: str, words: str) -> None:
    file = make_study(tmp_path, SWEEP.replace(*change))
    with pytest.raises(PromptwireError) as told:
        read_sweep(file)
    assert f"study.yaml:{place}: " in str(told.value) and words in str(told.value)
    assert not runs_folder().exists()


def test_an_error_in_a_pipeline_of_its_own_is_told_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("promptwire: 1\nextends: ape\nnodse: {}\n")
    with pytest.raises(PipelineError, match=r"mine\.yaml:3:1: unknown key 'nodse'"):
        read_sweep(make_study(tmp_path, SWEEP.replace("random-search -p n=2 -p pulls=24", "mine.yaml")))


@pytest.mark.parametrize("seeds", ["1000000", "[0, 1]\nrepeats: 1\nbaseline: true\nx: 1"])
def test_a_matrix_that_is_too_large_is_refused_at_once(tmp_path: Path, seeds: str) -> None:
    file = make_study(tmp_path, SWEEP.replace("seeds: 2", f"seeds: {seeds}"))
    if seeds != "1000000":
        with pytest.raises(PipelineError, match="unknown key 'x'"):
            read_sweep(file)
        return
    with pytest.raises(UsageError, match=r"study\.yaml:8:8: these are 2,000,000 cells"):
        read_sweep(file)


def test_a_pipeline_that_needs_what_no_task_gives_is_told_by_the_plan(tmp_path: Path) -> None:
    mine = "promptwire: 1\nextends: ape\noverride: {inputs: {extra: Examples}}\n"
    (tmp_path / "mine.yaml").write_text(mine)
    file = make_study(tmp_path, SWEEP.replace("random-search -p n=2 -p pulls=24", "mine.yaml"))
    with pytest.raises(PromptwireError) as told:
        sweep = read_sweep(file)
        sweep.plan(sweep.cells[0])
    assert "extra" in str(told.value) and ".yaml:" in str(told.value)


@pytest.mark.parametrize("model", ["local:nonexist", "nosuch/model", "scripted:planted-nope"])
def test_a_model_that_is_none_is_told_where_the_file_names_it(tmp_path: Path, model: str) -> None:
    file = make_study(tmp_path, SWEEP.replace("scripted:rules.yaml", model))
    with pytest.raises(PromptwireError, match=r"study\.yaml:7:9: ") as told:
        sweep = read_sweep(file)
        sweep.plan(sweep.cells[0])
    assert "--model" not in str(told.value)


def test_plug_ins_are_loaded_and_count_by_their_text(tmp_path: Path) -> None:
    code = "from promptwire.authoring import metric\n\n@metric()\ndef near(answer: str, outputs: tuple[str, ...]) -> float:\n    return 1.0\n"
    (tmp_path / "own_near_metric.py").write_text(code)
    plain = read_sweep(make_study(tmp_path))
    text = SWEEP + "plugins: own_near_metric.py\n"
    file = make_study(tmp_path, text)
    load_plugin(tmp_path / "own_near_metric.py")
    sweep = read_sweep(file)
    assert sweep.cells[0].plugins == (str(tmp_path / "own_near_metric.py"),)
    assert sweep.cells[0].key != plain.cells[0].key


def test_a_sweep_file_runs_no_code_that_its_user_did_not_allow(tmp_path: Path) -> None:
    (tmp_path / "own_code.py").write_text(f"open({str(tmp_path / 'was_run')!r}, 'w').close()\n")
    file = make_study(tmp_path, SWEEP + "plugins: own_code.py\n")
    with pytest.raises(PipelineError, match=r"study.yaml:9:10: the sweep needs the code of .*own_code.py") as told:
        read_sweep(file)
    assert "--plugins " in str(told.value) and not (tmp_path / "was_run").exists()


def test_the_baseline_is_added_for_each_task_and_model(tmp_path: Path) -> None:
    text = SWEEP.replace("  - random-search -p n=2 -p pulls=24\n", "").replace(
        "pipeline: random-search, name: one", "pipeline: ape, name: one"
    )
    text = text.replace("{n: 1, pulls: 12}", "{n: 2}")
    models = "models: [{task: scripted:rules.yaml, name: a}, {task: scripted:silent.yaml, name: b}]"
    sweep = read_sweep(make_study(tmp_path, text.replace("models: scripted:rules.yaml", models) + "baseline: true\n"))
    rows = {cell.row for cell in sweep.cells}
    assert rows == {"one @ a", "one @ b", "random-search @ a", "random-search @ b"} and len(sweep.cells) == 8
