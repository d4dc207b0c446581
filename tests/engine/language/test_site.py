"""What the parts of a check share."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.documents.reading import read_text
from promptwire.errors import PipelineError, Place
from promptwire.language.finding import Folders
from promptwire.language.names import Names, Symbol
from promptwire.language.shape import shape
from promptwire.language.site import MAX_STEPS, Frame, Opened, Site

TEXT = "promptwire: 1\nnodes: {a: {use: mix}}\noutputs: {prompt: $a}\n"


def frame() -> Frame:
    document = read_text(TEXT, "f")
    spec = shape(document).spec
    assert spec is not None
    return Frame(Site({}, Folders(Path())), Opened(Path("f"), document, spec, frozenset()), Names(), (Path("f"),))


def test_paths_grow_from_body_to_body() -> None:
    inner = frame().inside(Names(), "search").inside(Names(), "expand")
    assert (frame().at("a"), inner.at("edits")) == ("a", "search.expand.edits")
    assert str(inner.place(("nodes", "a"))) == "f:2:9"


def test_names_in_something_wrong_count_as_used() -> None:
    here = frame()
    here.names.declare(Symbol("a", "input", Place("f")), here.site.findings)
    here.forgive(here.branch(("outputs",)))
    assert here.names.own["a"].used


def test_there_is_an_end_to_steps() -> None:
    site = frame().site
    with pytest.raises(PipelineError, match=f"more than {MAX_STEPS} steps"):
        for _ in range(MAX_STEPS + 1):
            site.count(Place("f", 1, 1))
