"""Trees that know where they were written."""

from __future__ import annotations

from promptwire.documents.document import Document, Position, Source, YamlValue, yaml_value_of
from promptwire.documents.yaml_reader import read_yaml_text


def test_a_branch_gives_its_children_and_nothing_for_what_is_not_there() -> None:
    root = read_yaml_text("a: [1, {b: 2}]", "f").root
    found = root.get("a")
    assert found is not None
    assert (found.get(0), found.get(2), found.get("a"), root.get(0)) == (found.value[0], None, None, None)  # type: ignore[index]


def test_a_text_that_would_steer_the_terminal_or_move_the_caret_is_made_harmless() -> None:
    position = Position(Source("f", ("\x1b[2J\ta\ud800",)), 1, 2)
    assert position.location().text == "\ufffd[2J a\ufffd"


def test_a_value_without_lines_has_the_name_of_its_source_alone() -> None:
    assert str(Position(Source("--set a=1")).location()) == "--set a=1"


def test_a_graft_stands_at_one_spot_as_a_whole() -> None:
    position = Position(Source("-p k=[1]"))
    document = Document("f", yaml_value_of({"k": [1, {"b": (2,)}]}, position))
    assert document.data == {"k": [1, {"b": [2]}]}
    assert document.location(("k", 1, "b", 0)) == document.location(("k",), key=True) == position.location()
    assert YamlValue(1, position).data() == 1
