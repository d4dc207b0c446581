"""Registry: built-ins by file name, plug-ins by entry point."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from promptwire.errors import UsageError
from promptwire.registry import plugins
from promptwire.registry.node_types import Registry
from promptwire.registry.plugins import GROUP
from tests import sample_project


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed plug-in `acme`."""
    found = [EntryPoint("acme", "tests.sample_project", GROUP)]
    monkeypatch.setattr(plugins, "entry_points", lambda group: found if group == GROUP else [])


def test_built_ins_are_found_by_file_name() -> None:
    found = Registry()
    assert {"sample", "generate", "evaluate", "filter-subset", "beam-select", "resample"} <= set(found)
    assert all(found[name].name == name for name in found)


def test_listing_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.import_module", lambda name: pytest.fail(f"{name} was imported"))
    assert len(Registry()) == len(list(Registry())) > 0


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        Registry().find("evalute")
    assert str(caught.value) == "there is no node type 'evalute'\n  did you mean 'evaluate'?"
    assert "evalute" not in Registry()
    assert 3 not in Registry()


def test_a_plugins_node_has_its_full_name_in_messages(install: None) -> None:
    assert Registry().find("acme:pick").run is sample_project.pick.run
    assert Registry().find("acme:pick").name == "acme:pick"
    assert "acme:pick" in list(Registry())
    assert "pick" not in Registry()
    assert "other:pick" not in Registry()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("acme:pik", "did you mean 'acme:pick'?"),
        ("other:pick", "install the package that provides 'other', or name its file: --plugins other.py"),
    ],
)
def test_an_unknown_node_of_a_plugin_is_refused_with_a_hint(install: None, name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Registry().find(name)
    assert str(caught.value) == f"there is no node type {name!r}\n  {hint}"
