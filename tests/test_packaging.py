"""The wheel that users get: everything in it, nothing else importable, and working where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {
    "engine": "promptwire",
    "nodes": "promptwire/nodes",
    "pipelines": "promptwire/pipelines",
    "templates": "promptwire/templates",
}
KINDS = (".css", ".html", ".j2", ".js", ".json", ".jsonl", ".lua", ".py", ".typed", ".yaml")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release is: from the sdist, so that no left-over of another build gets in."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (built,) = out.glob("*.whl")
    return built


def sources() -> set[str]:
    """What the wheel must hold, by its name there."""
    found = set()
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in KINDS and "__pycache__" not in path.parts:
                found.add(f"{package}/{path.relative_to(ROOT / folder).as_posix()}")
    return found


def test_the_wheel_holds_every_module_pipeline_task_and_template_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == sources()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone knows which files are tracked")
def test_the_sdist_holds_what_its_tests_and_its_readme_need_and_no_bundle_of_results(wheel: Path) -> None:
    (source,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    wanted = {name for name in tracked if not name.startswith((".", "docs/results/")) and name != "MANIFEST.in"}
    assert wanted - names == set()
    assert not [name for name in names if name.startswith("docs/results/") or "__pycache__" in name]


def test_every_folder_with_python_is_a_package_that_setuptools_knows() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {
        f"{package}/{path.parent.relative_to(ROOT / folder).as_posix()}".rstrip("/.").replace("/", ".")
        for folder, package in FOLDERS.items()
        for path in (ROOT / folder).rglob("*.py")
    }
    assert folders == set(known)


def test_the_engine_has_no_module_that_would_hide_a_folder() -> None:
    assert not {"nodes", "pipelines", "templates"} & {path.stem for path in (ROOT / "engine").iterdir()}


def test_the_installed_wheel_runs_a_pipeline_and_makes_nothing_but_promptwire_importable(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # noqa: S202 - our own wheel
    (tmp_path / "model.yaml").write_text("- {kind: choose, choose: positive}\n- {reply: [one, two]}\n")
    code = (
        "import importlib.util, promptwire, sys\n"
        "assert promptwire.__file__.startswith(sys.argv[1]), promptwire.__file__\n"
        "found = [n for n in ('engine', 'nodes', 'pipelines', 'templates') if importlib.util.find_spec(n)]\n"
        "assert not found, found\n"
        "report = promptwire.run('ape-paraphrase', 'sentiment', promptwire.Options(models={'task': 'scripted:model.yaml'}))\n"
        "print(report.test.best.n)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(site)], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "120\n"), done.stderr
