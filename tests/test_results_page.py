"""bench/results.py makes runs that can be made, one file each, and publishes nothing of public data.

docs/results.md shows the figures that its bundles give in a replay: each bundle is replayed here, without a model or a key.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import critique
import pytest
import results as script
import results_figures as figures
import results_page as page

from promptwire.language.check import load_graph
from promptwire.security import package_data

ROOT = Path(__file__).parents[1]
MADE = [run for run in script.runs() if run.file.exists()]
LARGEST = 6_000_000


@pytest.fixture(scope="module")
def results() -> ModuleType:
    """The script."""
    return script


def test_each_pipeline_takes_the_settings_of_its_command(results: ModuleType) -> None:
    for name, command in results.PIPELINES.items():
        pipeline, *words = shlex.split(command)
        given = dict(word.split("=", 1) for flag, word in zip(words[::2], words[1::2], strict=True) if flag == "-p")
        sets = dict(word.split("=", 1) for flag, word in zip(words[::2], words[1::2], strict=True) if flag == "--set")
        assert pipeline.startswith(name)
        load_graph(pipeline, params=given, patches=sets)


def test_every_task_meets_every_pipeline_and_two_tasks_three_seeds(results: ModuleType) -> None:
    made = list(results.runs())
    tasks = len(results.SHIPPED) + len(results.PUBLIC)
    assert tasks >= 8
    assert len(made) == len(set(made)) == len(results.PIPELINES) * (tasks + 2 * len(results.REPEATED)) + len(results.DEMO)
    assert {run.task for run in results.runs("-opro-small-2")} == set(results.REPEATED)


def test_a_public_task_is_cut_and_says_nothing_about_itself(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "ROOT", tmp_path)
    (tmp_path / "ii_larger_animal").mkdir()
    rows = [{"input": f"ant, cow {number}", "output": f"cow {number}"} for number in range(300)]
    for split in ("train", "test"):
        (tmp_path / "ii_larger_animal" / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    results.prepare("ii_larger_animal", tmp_path)
    folder = tmp_path / results.PREPARED / "ii_larger_animal"
    assert [len((folder / f"{split}.jsonl").read_text().splitlines()) for split in ("train", "test")] == [120, 120]
    assert set(json.loads((folder / "task.yaml").read_text())) == {"promptwire", "task", "prompt", "metric", "data", "settings"}


def test_a_run_is_made_once_and_its_bundle_is_kept(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "cache"))
    run = results.Run("planted", "random-search", 0)
    assert results.make(run, "scripted:planted", None).startswith("gain ")
    assert run.file.is_file()
    assert results.make(run, "scripted:planted", None) == "has its file already"
    assert results.make(results.Run("nothing", "ape", 0), "scripted:planted", None).startswith("failed: ")
    assert results.make(results.Run("bbh_hyperbaton", "ape", 9), "scripted:planted", None).startswith("skipped: ")


def test_of_a_public_task_no_text_of_its_examples_is_published(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the notes, not in left-out examples, and not where the best prompt copied it."""
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(results, "PUBLIC_RESULTS", tmp_path / "public")
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "cache"))
    animals = [f"zebu{number}, yak{number}" for number in range(30)]
    for split, part in (("train", animals[:20]), ("test", animals[20:])):
        rows = [{"input": pair, "output": pair.split(", ")[0]} for pair in part]
        (tmp_path / "ii_larger_animal").mkdir(exist_ok=True)
        (tmp_path / "ii_larger_animal" / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    rules = [
        {"when": r"Choose:.*Input: (zebu\d+)", "expand": r"\1"},
        {"when": "Output:$", "reply": "yak"},
        {"reply": f"<variation>Choose: {animals[0]} -> zebu0.</variation>"},
    ]
    (tmp_path / "model.yaml").write_text(json.dumps(rules))
    run = results.Run("ii_larger_animal", "random-search", 0)
    said = results.make(run, f"scripted:{tmp_path / 'model.yaml'}", tmp_path)
    assert said.startswith("gain "), said
    text = run.file.read_text()
    found = json.loads(text)
    assert "zebu" not in text and "yak" not in text
    assert [values[1:] for values in found["pairs"]] == [[0.0, 1.0]] * 10
    assert results.COPIED in found["prompt"]
    assert found["command"] == run.command()
    shown = page.render([figures.of_public(run)], {})
    assert "| random-search | 0 | 1.00 [" in shown and "yak" not in shown


@pytest.mark.parametrize(
    ("prompt", "published"),
    [
        ("If it is a Yak or an emu, write yak.", "If it is a [...] or an [...], write [...]."),
        ("Write Hund for dog.", "Write [...] for [...]."),
        ("Write the larger animal, not the dog.", "Write the larger animal, not the dog."),
        ("Doghouse, Hundert: write more.", "Doghouse, Hundert: write more."),
    ],
)
def test_what_a_prompt_retells_of_a_public_example_is_left_out(prompt: str, published: str) -> None:
    examples = [{"input": "yak, emu", "output": "yak"}, {"input": "dog", "output": ["Hund", "Köter"]}]
    assert script.without_told(prompt, examples) == published


def test_outputs_of_several_public_examples_are_left_out_and_common_ones_stay() -> None:
    answers = ("Hund", "Katze", *["yes", "no"] * 10)
    examples = [{"input": f"text {place}", "output": answer} for place, answer in enumerate(answers)]
    assert (
        script.without_told("The labels are hund, Katze, yes and no.", examples) == "The labels are [...], [...], yes and no."
    )
    assert script.without_told("The label is Hund, yes or no.", examples) == "The label is Hund, yes or no."


def test_rare_words_of_one_public_example_are_left_out_and_common_ones_stay() -> None:
    sentences = ("tiny rubber knife", "green paper plate", *["large wooden spoon"] * 18)
    examples = [{"input": f"Which order is right? {sentence}", "output": "(A)"} for sentence in sentences]
    prompt = 'The right order is "tiny", "rubber", then the knife, not a large plate.'
    published = 'The right order is "[...]", "[...]", then the [...], not a large plate.'
    assert script.without_told(prompt, examples) == published


def test_make_demo_real_fetches_the_model_and_makes_the_runs_whose_bundles_are_kept(results: ModuleType) -> None:
    command = ["make", "-n", "--no-print-directory", "-o", ".venv/ready-local", "demo-real"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    lines = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True).stdout.splitlines()
    fetch, *ran, last = [line.removeprefix(".venv/bin/") for line in lines]
    assert fetch == f"promptwire models --fetch {results.MODEL}"
    assert ran == [results.Run(task, pipeline, 0).command() for task, pipeline in results.DEMO]
    assert last == "python bench/critique.py"


@pytest.mark.parametrize("run", [run for run in MADE if not run.public], ids=lambda run: run.name)
def test_a_bundle_replays_to_the_figures_of_the_page(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure means that code changed a published number: mend the code, or run bench/results.py again and say why."""
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "no-cache"))
    (kept,) = [
        one for one in figures.load() if (one["task"], one["pipeline"], one["seed"]) == (run.task, run.pipeline, run.seed)
    ]
    assert json.loads(json.dumps(figures.of_bundle(run))) == kept


@pytest.mark.skipif(all(run.demo for run in MADE), reason="no run of the page is published yet")
def test_the_page_is_made_from_the_figures_of_all_runs() -> None:
    found = figures.load()
    assert [(one["task"], one["pipeline"], one["seed"]) for one in found] == [
        (run.task, run.pipeline, run.seed) for run in MADE
    ]
    assert [json.loads(json.dumps(figures.of_public(run))) for run in MADE if run.public] == [
        one for one in found if one["task"] in script.PUBLIC
    ]
    said = (
        "docs/results.md is not what its figures and templates give. If only shipped templates or pipelines changed, the bundles were "
        "made with other ones: run bench/results.py again, or `python bench/results.py --page` to list the changed files on the page"
    )
    assert page.PAGE.read_text(encoding="utf-8") == page.render(found, page.changes()), said


def test_the_published_runs_are_small_and_each_belongs_to_the_table() -> None:
    there = [path for path in script.RESULTS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in there) <= LARGEST
    assert set(there) - {run.file for run in script.runs()} <= {script.RESULTS / "figures.json"}


SMALL = {"random-search": "random-search -p n=3 -p pulls=40", "protegi": "protegi -p rounds=1 -p pulls=40"}


def beside(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Results, page and runs in `folder`: of two small pipelines on the planted task."""
    patch.setattr(script, "RESULTS", folder / "results")
    patch.setattr(script, "PUBLIC_RESULTS", folder / "results" / "public")
    patch.setattr(script, "SHIPPED", ("planted",))
    patch.setattr(script, "DEMO", ())
    patch.setattr(script, "PIPELINES", SMALL)
    patch.setattr(page, "PAGE", folder / "results.md")
    patch.setenv("PROMPTWIRE_RUNS", str(folder / "runs"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of two pipelines on the planted task with the scripted model, their figures and their page."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        beside(patch, folder)
        patch.setenv("PROMPTWIRE_CACHE", str(folder / "cache"))
        for run in script.runs():
            if not run.public and run.seed == 0:
                assert script.make(run, "scripted:planted", None).startswith("gain ")
        patch.setenv("PROMPTWIRE_CACHE", str(folder / "empty"))
        page.write()
    return folder


@pytest.fixture
def small(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `made`, in place of the published one."""
    beside(monkeypatch, made)
    return made


def test_the_page_shows_gain_comparison_with_random_search_and_an_edit_of_a_critique(small: Path) -> None:
    random, protegi = figures.load()
    assert protegi["edit"]["critique"] and protegi["edit"]["cases"] and protegi["edit"]["prompt"] == protegi["initial_prompt"]
    assert protegi["calls"]["task"] > 0 and protegi["candidates"] > 4
    beside = page.against_baseline(protegi, [random, protegi])
    assert beside.mean == pytest.approx(protegi["best"]["score"] - random["best"]["score"])
    text = page.PAGE.read_text(encoding="utf-8")
    assert f"| protegi | 0 | {page.score(protegi['best'])} | {page.gain(protegi['gain'])} | {page.gain(beside)} |" in text
    assert "\n  ".join(protegi["prompt"].splitlines()) in text
    assert protegi["edit"]["edit"] in text and f"critique:\n  {protegi['edit']['critique']}\n" in text
    assert "are those of this version" in text


def test_replies_are_counted_by_template_and_add_up_to_the_meta_calls(small: Path) -> None:
    random, protegi = figures.load()
    for one in (random, protegi):
        assert sum(counts["replies"] for counts in one["templates"].values()) == one["calls"]["meta"] > 0
        unread = sum(counts["replies"] - counts["read"] for counts in one["templates"].values())
        assert unread == one["unreadable"]
    gradient = protegi["templates"]["protegi/gradient.j2"]
    assert "| `protegi/gradient.j2` |" in page.PAGE.read_text(encoding="utf-8") and gradient["read"] > 0


def test_the_critique_of_the_newest_run_is_shown(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["critique.py"])
    critique.main()
    assert figures.load()[1]["edit"]["critique"] in capsys.readouterr().out
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(small / "none"))
    with pytest.raises(SystemExit, match="no finished run"):
        critique.main()


def test_a_shipped_template_that_changed_is_listed_and_the_figures_stay(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in package_data.PACKAGES:
        shutil.copytree(package_data.package_folder(package), tmp_path / "installed" / package)
    (tmp_path / "installed" / "templates" / "protegi" / "edit.j2").write_text("changed {{ prompt }}")
    monkeypatch.setattr(page, "PAGE", tmp_path / "results.md")
    before = figures.load()
    with package_data.replaced(tmp_path / "installed"):
        page.write()
    assert figures.load() == before
    assert "- `templates/protegi/edit.j2`: 1 runs" in page.PAGE.read_text(encoding="utf-8")


def test_a_page_without_runs_is_refused(results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(results, "PUBLIC_RESULTS", tmp_path)
    with pytest.raises(SystemExit, match="no runs yet"):
        page.write()


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.1, 0.3, "**+0.20 [+0.10, +0.30]**"), (-0.1, 0.3, "+0.20 [-0.10, +0.30]"), (None, None, "+0.20")],
)
def test_a_difference_is_bold_where_its_interval_does_not_hold_zero(low: float | None, high: float | None, text: str) -> None:
    assert page.gain({"score": 0.2, "low": low, "high": high}) == text


@pytest.mark.parametrize(("times", "seconds"), [([], 0), ([5.0], 0), ([3.0, 1.0, 10.0], 9), ([0.0, 50.0, 1000.0, 1020.0], 70)])
def test_the_duration_is_that_between_completions_without_pauses(times: list[float], seconds: int) -> None:
    assert script.busy_seconds(times) == seconds
