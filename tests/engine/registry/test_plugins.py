"""Plug-ins: found by decorator in packages and files; two of one name are an error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from zipfile import ZipFile

import pytest

from promptwire.errors import UsageError
from promptwire.metrics.metric import Metric
from promptwire.registry import plugins
from promptwire.registry.plugins import GROUP, load_plugin, plugin_members, plugin_names, unknown_name_hint

Install = Callable[..., None]

METRIC = """\
from promptwire.authoring import metric
@metric()
def {name}(answer, outputs):
    "How long it is."
    return float(len(answer))
"""


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No plug-ins of other tests or of this machine."""
    known = set(sys.modules)
    monkeypatch.setattr(plugins, "_FILES", {})
    monkeypatch.setattr(plugins, "entry_points", lambda group: [])
    yield
    for name in set(sys.modules) - known:
        if name.startswith(("promptwire_plugin_", "acme")):
            del sys.modules[name]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Install:
    """Make packages importable, and their entry points visible as installed."""

    def pretend(*entries: tuple[str, str], **files: str) -> None:
        for name, text in files.items():
            path = (tmp_path / name.replace("__", "/")).with_suffix(".py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        found = [EntryPoint(name, value, GROUP) for name, value in entries]
        monkeypatch.setattr(plugins, "entry_points", lambda group: found if group == GROUP else [])
        monkeypatch.syspath_prepend(str(tmp_path))

    return pretend


def metrics(plugin: str) -> list[str]:
    """Metrics of a plug-in."""
    return list(plugin_members(plugin, Metric, lambda found: found.value.__module__))


def test_all_decorated_objects_of_a_module_are_found(install: Install) -> None:
    install(("acme", "acme_one"), acme_one=METRIC.format(name="by_length") + "three = 3\n")
    assert (plugin_names(), metrics("acme")) == (("acme",), ["by-length"])


def test_submodules_are_found_except_private_ones(install: Install) -> None:
    own = {"acme_pack__one": METRIC.format(name="one"), "acme_pack__two": METRIC.format(name="two")}
    install(("acme", "acme_pack"), acme_pack____init__="", acme_pack___hidden="raise SystemExit", **own)
    assert metrics("acme") == ["one", "two"]


def test_objects_imported_from_other_modules_are_left_out(install: Install) -> None:
    install(("acme", "acme_a"), acme_a="from acme_b import other\n", acme_b=METRIC.format(name="other"))
    assert metrics("acme") == []


def test_listing_names_imports_nothing_and_an_unknown_plugin_is_empty(install: Install) -> None:
    install(("acme", "acme_broken"), acme_broken="raise RuntimeError")
    assert plugin_names() == ("acme",)
    assert metrics("other") == []


def test_a_plugin_listed_twice_is_not_a_clash(install: Install) -> None:
    install(("acme", "acme_one"), ("acme", "acme_one"), acme_one=METRIC.format(name="one"))
    assert metrics("acme") == ["one"]


@pytest.mark.parametrize(
    ("entries", "files", "words"),
    [
        ([("acme", "acme_a"), ("acme", "acme_b")], {},
         "the plug-in 'acme' is given by ? (acme_a) and ? (acme_b)\n  uninstall one of them"),
        ([("acme", "acme_none")], {},
         "the plug-in 'acme' can't be loaded: ModuleNotFoundError: No module named 'acme_none'\n  it is ? (acme_none)"),
        ([("acme", "acme_pack")],
         {"acme_pack____init__": "", "acme_pack__a": METRIC.format(name="x"), "acme_pack__b": METRIC.format(name="x")},
         "the plug-in 'acme' has two nodes or metrics called 'x': acme_pack.a and acme_pack.b\n  rename one of them"),
    ],
)  # fmt: skip
def test_clashes_and_broken_plugins_are_errors_with_their_source(
    install: Install, entries: list[tuple[str, str]], files: dict[str, str], words: str
) -> None:
    install(*entries, **files)
    with pytest.raises(UsageError) as caught:
        metrics("acme")
    assert str(caught.value) == words


def test_two_functions_of_one_name_in_a_file_are_a_clash(install: Install, tmp_path: Path) -> None:
    text = METRIC.format(name="by_length")
    install(("acme", "acme_one"), acme_one=text + text)
    with pytest.raises(UsageError) as caught:
        metrics("acme")
    file = tmp_path / "acme_one.py"
    assert (
        str(caught.value)
        == f"the plug-in 'acme' has two nodes or metrics called 'by-length': {file}:3 and 8\n  rename one of them"
    )


def test_a_plugin_may_be_in_an_archive(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ZipFile(tmp_path / "acme.zip", "w") as archive:
        archive.writestr("acme_packed.py", METRIC.format(name="by_length"))
    monkeypatch.syspath_prepend(str(tmp_path / "acme.zip"))
    install(("acme", "acme_packed"))
    assert metrics("acme") == ["by-length"]


def test_a_file_is_run_once_and_named_after_the_file(tmp_path: Path) -> None:
    file = tmp_path / "my_ideas.py"
    file.write_text(METRIC.format(name="long_one"))
    assert (load_plugin(file), load_plugin(str(file)), plugin_names()) == ("my-ideas", "my-ideas", ("my-ideas",))
    assert metrics("my-ideas") == ["long-one"]


def test_a_file_with_the_name_of_another_plugin_is_refused(tmp_path: Path, install: Install) -> None:
    install(("acme", "acme_one"), acme_one="")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.py").write_text("")
    (tmp_path / "acme.py").write_text("raise SystemExit")
    load_plugin(tmp_path / "a" / "own.py")
    with pytest.raises(UsageError, match=r"a.own\.py are both plug-ins called 'own'\n  rename the file"):
        load_plugin(tmp_path / "b" / "own.py")
    with pytest.raises(UsageError, match=r"and \? \(acme_one\) are both plug-ins called 'acme'"):
        load_plugin(tmp_path / "acme.py")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("none.py", None, "there is no such file"),
        ("nodes.txt", "", "can't be a plug-in"),
        ("bad name.py", "", "can't be a plug-in"),
        ("fails.py", "import os\n1 / 0", r"fails\.py:2: the file can't be loaded: ZeroDivisionError: division by zero"),
        ("broken.py", "x = 1\ndef", r"broken\.py:2: the file can't be loaded: SyntaxError: invalid syntax$"),
    ],
)
def test_an_invalid_plugin_file_is_refused(tmp_path: Path, name: str, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=words):
        load_plugin(tmp_path / name)
    assert plugin_names() == ()


def test_the_hint_for_an_unknown_name_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(METRIC.format(name="short"))
    load_plugin(tmp_path / "own.py")
    found = plugin_members("own", Metric, lambda metric: metric.value.__module__)
    assert unknown_name_hint("own:shor", found, "metrics") == "did you mean 'own:short'?"
    assert unknown_name_hint("own:zzz", {}, "node types") == "the plug-in 'own' has no node types"
    assert unknown_name_hint("my-own:x", {}, "metrics") == (
        "install the package that provides 'my-own', or name its file: --plugins my_own.py"
    )
