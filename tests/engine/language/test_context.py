"""What the parts of a check share."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import Location, PipelineError
from promptwire.language.context import MAX_STEPS, CheckContext, GraphScope, LoadedPipeline
from promptwire.language.file_lookup import FileResolver
from promptwire.language.shape import shape
from promptwire.language.symbols import Symbol, SymbolTable

TEXT = "promptwire: 1\nnodes: {a: {use: mix}}\noutputs: {prompt: $a}\n"


def frame() -> GraphScope:
    document = read_yaml_text(TEXT, "f")
    spec = shape(document).spec
    assert spec is not None
    return GraphScope(
        CheckContext({}, FileResolver(Path())),
        LoadedPipeline(Path("f"), document, spec, frozenset()),
        SymbolTable(),
        (Path("f"),),
    )


def test_paths_grow_from_body_to_body() -> None:
    inner = frame().inside(SymbolTable(), "search").inside(SymbolTable(), "expand")
    assert (frame().at("a"), inner.at("edits")) == ("a", "search.expand.edits")
    assert str(inner.place(("nodes", "a"))) == "f:2:9"


def test_names_in_something_wrong_count_as_used() -> None:
    here = frame()
    here.names.declare(Symbol("a", "input", Location("f")), here.site.findings)
    here.mark_used(here.branch(("outputs",)))
    assert here.names.own["a"].used


def test_there_is_an_end_to_steps() -> None:
    site = frame().site
    with pytest.raises(PipelineError, match=f"more than {MAX_STEPS} steps"):
        for _ in range(MAX_STEPS + 1):
            site.count(Location("f", 1, 1))
