"""YAML values with positions."""

from __future__ import annotations

from promptwire.documents.document import Document, Position, Source, YamlValue, yaml_value_of
from promptwire.documents.yaml_reader import read_yaml_text


def test_a_value_gives_its_children_and_none_for_missing_ones() -> None:
    root = read_yaml_text("a: [1, {b: 2}]", "f").root
    found = root.get("a")
    assert found is not None
    assert (found.get(0), found.get(2), found.get("a"), root.get(0)) == (found.value[0], None, None, None)  # type: ignore[index]


def test_control_characters_in_a_line_are_replaced() -> None:
    position = Position(Source("f", ("\x1b[2J\ta\ud800",)), 1, 2)
    assert position.location().text == "\ufffd[2J a\ufffd"


def test_the_location_of_a_source_without_lines_is_its_name() -> None:
    assert str(Position(Source("--set a=1")).location()) == "--set a=1"


def test_converted_data_have_one_position() -> None:
    position = Position(Source("-p k=[1]"))
    document = Document("f", yaml_value_of({"k": [1, {"b": (2,)}]}, position))
    assert document.data == {"k": [1, {"b": [2]}]}
    assert document.location(("k", 1, "b", 0)) == document.location(("k",), key=True) == position.location()
    assert YamlValue(1, position).data() == 1
