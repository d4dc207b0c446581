"""Plug-ins as their users meet them: an installed package, a named file, and an untrusted folder.

The example package in tests/plugin_example is installed by pip; every command here is a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.heavy  # the real pip, and a process for each command

EXAMPLE = Path(__file__).parent / "plugin_example"

PIPELINE = """
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  variants: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 3}
  short: {use: 'acme:shortest', prompts: [$seed, $variants], keep: 2}
  best: {use: beam-select, prompts: $short, on: $train, keep: 1, metric: 'acme:near'}
outputs: {prompt: $best}
"""

MODEL = "- {when: Variation, reply: [How is it, Is it a good or a bad sentence]}\n- {reply: positive}\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example package, installed as users do, without looking for promptwire in a registry."""
    home = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(EXAMPLE, home / "source")  # a build leaves things beside the source
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "--target", str(home / "site"), str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return home / "site"


def promptwire(folder: Path, *words: str, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in `folder`, with the packages of `site` installed."""
    env = {**os.environ, "COLUMNS": "200"} | ({"PYTHONPATH": str(site)} if site else {})
    command = [sys.executable, "-m", "promptwire", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pipeline that uses the example, and a model."""
    (tmp_path / "mine.yaml").write_text(PIPELINE)
    (tmp_path / "model.yaml").write_text(MODEL)
    return tmp_path


def test_an_installed_package_brings_a_node_and_a_metric_that_a_run_uses(folder: Path, site: Path) -> None:
    options = ["--task", "sentiment", "--metric", "acme:near", "--template", "task/chat.j2", "--model", "scripted:model.yaml"]
    done = promptwire(folder, "run", "mine.yaml", *options, "--json", site=site)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["metric"] == "acme:near"
    assert 0.5 < report["test"]["best"]["score"] < 1, "half of the answers are right, and the others have letters in common"
    assert report["counts"]["short"] == {"dropped": 1}


def test_it_is_checked_planned_listed_and_in_the_schema_like_a_built_in(folder: Path, site: Path) -> None:
    assert promptwire(folder, "check", "mine.yaml", site=site).stdout == "mine.yaml: ok\n"
    planned = promptwire(folder, "plan", "mine.yaml", "--task", "sentiment", site=site).stdout
    assert "unknown" not in planned.replace("price unknown", "")
    assert "Keep the `keep` shortest prompts." in promptwire(folder, "nodes", site=site).stdout
    page = promptwire(folder, "nodes", "acme:shortest", site=site).stdout
    assert "The shortest, shortest first." in page and "int, at least 1, default 1" in page
    assert "acme:shortest" in json.loads(promptwire(folder, "schema", site=site).stdout)["definitions"]


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ("keep: 2", "keep: 0", "6:68: 'keep' is 0 - it must be at least 1"),
        ("keep: 2", "keeep: 2", "acme:shortest has no port or param 'keeep' - did you mean 'keep'?"),
        ("acme:shortest", "acme:shortes", "there is no node type 'acme:shortes' - did you mean 'acme:shortest'?"),
        ("acme:near", "acme:neer", "there is no metric 'acme:neer' - did you mean 'acme:near'?"),
        ("acme:near", "exactt", "there is no metric 'exactt' - did you mean 'exact'?"),
        ("[$seed, $variants]", "$train", "$train is Examples, but 'prompts' of acme:shortest needs Prompts"),
    ],
)
def test_mistakes_with_it_are_found_like_those_with_a_built_in(
    folder: Path, site: Path, good: str, bad: str, words: str
) -> None:
    assert good in PIPELINE
    (folder / "mine.yaml").write_text(PIPELINE.replace(good, bad))
    done = promptwire(folder, "check", "mine.yaml", site=site)
    assert (done.returncode, words in done.stdout) == (2, True), done.stdout


def test_a_file_that_is_named_brings_the_same(folder: Path) -> None:
    texts = [(EXAMPLE / "acme_prompts" / name).read_text() for name in ("shortest.py", "near.py")]
    future = "from __future__ import annotations\n"
    (folder / "acme.py").write_text(future + "".join(text.replace(future, "") for text in texts))
    done = promptwire(folder, "check", "mine.yaml", "--plugins", "acme.py")
    assert (done.returncode, done.stdout) == (0, "mine.yaml: ok\n"), done.stdout + done.stderr
    done = promptwire(folder, "check", "mine.yaml")
    assert done.returncode == 2
    assert "install the package that provides 'acme', or name its file: --plugins acme.py" in done.stdout


def test_two_plug_ins_of_one_name_are_an_error_that_names_both(folder: Path, site: Path) -> None:
    shutil.copy(EXAMPLE / "acme_prompts" / "near.py", folder / "acme.py")
    done = promptwire(folder, "check", "mine.yaml", "--plugins", "acme.py", site=site)
    assert done.returncode == 2
    assert "error: acme.py and acme-prompts (acme_prompts) are both plug-ins called 'acme'" in done.stderr


def test_checking_a_pipeline_in_an_untrusted_folder_runs_none_of_its_code(folder: Path, tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w').close()\n"
    names = ("acme", "acme_prompts", "nodes", "plugins", "conftest", "sitecustomize", "yaml", "typer", "pydantic")
    for name in names:
        (folder / f"{name}.py").write_text(trap)
    (folder / "acme-1.0.dist-info").mkdir()
    (folder / "acme-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (folder / "acme-1.0.dist-info" / "entry_points.txt").write_text("[promptwire.plugins]\nacme = acme\n")
    for words in (
        ["check", "mine.yaml"],
        ["graph", "mine.yaml"],
        ["plan", "mine.yaml", "--task", "sentiment"],
        ["nodes"],
        ["schema"],
    ):
        promptwire(folder, *words)
    (folder / "promptwire.py").write_text(trap)
    command = Path(sys.executable).with_name("promptwire")  # as people start it
    done = subprocess.run([command, "check", "mine.yaml"], cwd=folder, capture_output=True, text=True, check=False)
    assert "there is no node type 'acme:shortest'" in done.stdout
    assert not (tmp_path / "sprung").exists()
