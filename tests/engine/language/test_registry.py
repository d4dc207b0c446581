"""Node types by name: built-ins by file, plugins by entry point."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from promptwire.errors import UsageError
from promptwire.language import registry
from promptwire.language.registry import GROUP, Registry
from tests import small

Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make entry points of the group look installed: names to where they lead."""

    def pretend(*entries: tuple[str, str]) -> None:
        found = [EntryPoint(name, value, GROUP) for name, value in entries]
        monkeypatch.setattr(registry, "entry_points", lambda group: found if group == GROUP else [])

    monkeypatch.setitem(sys.modules, "acme_nodes", small)
    return pretend


def test_built_ins_are_found_by_file_name_and_carry_that_name() -> None:
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


def test_a_plugin_is_named_with_a_colon(install: Install) -> None:
    install(("acme.pick", "acme_nodes:pick"))
    assert Registry().find("acme:pick") is small.pick
    assert "acme:pick" in list(Registry())
    assert "acme.pick" not in Registry()


def test_one_plugin_that_is_listed_twice_is_no_clash(install: Install) -> None:
    install(("acme.pick", "acme_nodes:pick"), ("acme.pick", "acme_nodes:pick"))
    assert Registry()["acme:pick"] is small.pick


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([("acme.x", "acme_nodes:pick"), ("acme.x", "acme_nodes:mix")],
         "the node type 'acme:x' is given by ? (acme_nodes:mix) and ? (acme_nodes:pick)\n  uninstall one of them"),
        ([("acme.x", "acme_nodes:Project")],
         "the plugin 'acme:x' (acme_nodes:Project) is no node type\n  decorate its function with @node(...)"),
        ([("acme.x", "acme_not_there:x")],
         "the plugin 'acme:x' can't be loaded: ModuleNotFoundError: No module named 'acme_not_there'\n  it is acme_not_there:x"),
    ],
)  # fmt: skip
def test_a_clash_and_a_broken_plugin_are_errors_that_name_their_source(install: Install, entries: Any, words: str) -> None:
    install(*entries)
    with pytest.raises(UsageError) as caught:
        Registry().find("acme:x")
    assert str(caught.value) == words
