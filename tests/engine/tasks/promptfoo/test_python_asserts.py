"""Asserts in Python: refused without --plugins; with it, a plug-in beside the task that scores as promptfoo does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.documents.yaml_reader import dump_yaml
from promptwire.errors import PipelineError
from promptwire.metrics.metric import find_metric
from promptwire.registry import plugins
from promptwire.tasks.promptfoo.importer import import_promptfoo
from promptwire.values import Example

CHECKS = """\
raise_on_import = []

def get_assert(output, context):
    return {"pass": context["vars"]["word"] in output, "score": 0.6, "reason": ""}

def graded(output, context):
    return len(output) / 10
"""


def config(*asserts: dict[str, Any]) -> Path:
    tests = [{"vars": {"q": str(number), "word": "a{b}\n'\""}, "assert": [one]} for number, one in enumerate(asserts)]
    Path("promptfooconfig.yaml").write_text(dump_yaml({"prompts": ["{{q}}"], "tests": tests}))
    return Path("promptfooconfig.yaml")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plugins, "_FILES", {})
    (tmp_path / "checks.py").write_text(CHECKS)
    return tmp_path


def python(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "python", "value": value, **more}


def test_without_plugins_the_error_says_what_to_write() -> None:
    with pytest.raises(PipelineError, match=r"promptfooconfig.yaml:7:\d+: the assert 'python' has no counterpart.*--plugins"):
        import_promptfoo(config(python("len(output) < 3")))


@pytest.mark.parametrize(
    ("given", "answer", "passes"),
    [
        (python("len(output) < 3"), "ab", True),
        (python("len(output) < 3"), "abc", False),
        (python("context['vars']['word'] == output"), "a{b}\n'\"", True),
        (python("n = len(output)\nif n > 2:\n    return True\nreturn 0"), "abc", True),
        (python("n = len(output)\nif n > 2:\n    return True\nreturn 0"), "ab", False),
        (python("file://checks.py"), "it is a{b}\n'\"", True),
        (python("file://checks.py"), "it is not", False),
        (python("file://checks.py", threshold=0.7), "it is a{b}\n'\"", False),
        (python("file://checks.py:graded", threshold=0.5), "12345", True),
        (python("file://checks.py:graded", threshold=0.5), "1234", False),
        ({**python("file://checks.py:graded"), "type": "not-python"}, "1234", False),
        (python("context['config']['least'] < len(output)", config={"least": 2}), "abc", True),
    ],
)
def test_the_plug_in_says_what_the_assert_says(given: dict[str, Any], answer: str, passes: bool) -> None:
    found = import_promptfoo(config(given), plugins=True)
    out = Path("out")
    out.mkdir()
    for name, text in found.files.items():
        (out / name).write_text(text)
    assert plugins.load_plugin(out / "promptfoo.py") == "promptfoo"
    metric = find_metric(found.task["metric"])
    output = found.rows[0]["output"]
    assert metric.measure(answer, Example(input="0", outputs=(output,))).value == float(passes)
    assert json.loads(output)["vars"]["q"] == "0"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (python("file://../other.py"), "there is no file '../other.py'"),
        (python("file://missing.py"), "there is no file 'missing.py'"),
        ({"type": "python"}, "the assert 'python' has no value"),
    ],
)
def test_code_that_is_not_there_is_one_error(given: dict[str, Any], words: str) -> None:
    with pytest.raises(PipelineError, match=words):
        import_promptfoo(config(given), plugins=True)


def test_a_file_of_code_elsewhere_is_refused(folder: Path) -> None:
    (folder.parent / "elsewhere.py").write_text(CHECKS)
    with pytest.raises(PipelineError, match="leads out of the config's folder"):
        import_promptfoo(config(python("file://../elsewhere.py")), plugins=True)
