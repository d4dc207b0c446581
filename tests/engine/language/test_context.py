"""State shared by the parts of a check."""

from __future__ import annotations

from pathlib import Path

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import Location
from promptwire.language.context import CheckContext, GraphScope, LoadedPipeline
from promptwire.language.file_lookup import FileResolver
from promptwire.language.shape import shape
from promptwire.language.symbols import Symbol, SymbolTable

TEXT = "promptwire: 1\nnodes: {a: {use: mix}}\noutputs: {prompt: $a}\n"


def scope() -> GraphScope:
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
    inner = scope().inside(SymbolTable(), "search").inside(SymbolTable(), "expand")
    assert (scope().at("a"), inner.at("edits")) == ("a", "search.expand.edits")
    assert str(inner.location(("nodes", "a"))) == "f:2:9"


def test_names_in_a_faulty_value_count_as_used() -> None:
    here = scope()
    here.names.declare(Symbol("a", "input", Location("f")), here.context.diagnostics)
    here.mark_used(here.value_at(("outputs",)))
    assert here.names.own["a"].used
