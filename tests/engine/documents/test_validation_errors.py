"""Validation errors as problems with locations and hints."""

from __future__ import annotations

from typing import ClassVar, Literal

import pytest
from pydantic import Field

from promptwire.documents.validation_errors import describe, validate
from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import PipelineError
from promptwire.values import Model


class Inner(Model):
    called: ClassVar[str] = "an inner thing"
    size: int = Field(default=1, ge=1, le=9)
    share: float = Field(default=0.5, gt=0, lt=1)


class Outer(Model):
    name: str
    inner: Inner = Inner()
    many: dict[str, Inner] = {}
    row: tuple[Inner, ...] = ()
    kind: Literal["top", "ucb"] = "top"
    flag: bool = False
    texts: tuple[str, ...] = ()
    one: str | tuple[str, ...] | None = None
    tag: str | None = Field(default=None, min_length=1)
    turns: str | tuple[Inner | Literal["all"], ...] = "all"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{nam: x, name: y}", "f:1:2: unknown key 'nam' in this file - did you mean 'name'?"),
        ("{}", "f:1:1: this file needs the key 'name'"),
        ("name: 3", "f:1:7: 'name' must be a text, not 3 - put it in quotes: \"3\""),
        ("name: x\ninner: {siz: 2}", "f:2:9: unknown key 'siz' in an inner thing - did you mean 'size'?"),
        ("name: x\nmany: {a: {siz: 2}}", "f:2:12: unknown key 'siz' in an inner thing - did you mean 'size'?"),
        ("name: x\nrow: [{zzz: 2}]", "f:2:8: unknown key 'zzz' in an inner thing - keys: share, size"),
        ("name: x\ninner: {size: 0}", "f:2:15: 'size' is 0 - it must be at least 1"),
        ("name: x\ninner: {size: 10}", "f:2:15: 'size' is 10 - it must be at most 9"),
        ("name: x\ninner: {share: 0}", "f:2:16: 'share' is 0 - it must be above 0"),
        ("name: x\ninner: {share: 1}", "f:2:16: 'share' is 1 - it must be below 1"),
        ("name: x\ninner: {size: five}", "f:2:15: 'size' must be a whole number, not the text 'five'"),
        ("name: x\ninner: {size: 1.5}", "f:2:15: 'size' must be a whole number, not 1.5"),
        ("name: x\ninner: 3", "f:2:8: 'inner' must be a mapping of keys to values, not 3"),
        ("name: x\nmany: [1]", "f:2:7: 'many' must be a mapping of keys to values, not a list"),
        ("name: x\nkind: ubc", "f:2:7: 'kind' can't be the text 'ubc' - did you mean 'ucb'?"),
        ("name: x\nkind: 3", "f:2:7: 'kind' can't be 3 - one of: top, ucb"),
        ("name: x\nflag: maybe", "f:2:7: 'flag' must be true or false, not the text 'maybe'"),
        ("name: x\ntexts: {}", "f:2:8: 'texts' must be a list, not a mapping"),
        ("name: x\none: {a: 1}", "f:2:6: 'one' must be a text or a list of texts, not a mapping"),
        ("name: x\none: 5", "f:2:6: 'one' must be a text or a list of texts, not 5 - put it in quotes: \"5\""),
        ("name: x\ntag: ''", "f:2:6: 'tag' is empty - write a text of at least one character"),
    ],
)
def test_a_validation_error_has_message_hint_and_location(text: str, expected: str) -> None:
    document = read_yaml_text(text, "f")
    with pytest.raises(PipelineError) as caught:
        validate(Outer, document.data, document)
    assert str(caught.value).splitlines()[0] == expected


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ("[{size: 10}]", "f:2:16: 'size' is 10 - it must be at most 9"),
        ("[{siz: 2}]", "f:2:10: unknown key 'siz' in an inner thing - did you mean 'size'?"),
        ("[al]", "f:2:9: element 1 of 'turns' can't be the text 'al' - did you mean 'all'?"),
        ("[3]", "f:2:9: element 1 of 'turns' must be a mapping of keys to values, not 3"),
        ("{size: 2}", "f:2:8: 'turns' must be a text or a list of texts, not a mapping"),
    ],
)
def test_a_mistake_inside_a_union_is_one_problem(turns: str, expected: str) -> None:
    document = read_yaml_text(f"name: x\nturns: {turns}", "f")
    with pytest.raises(PipelineError) as caught:
        validate(Outer, document.data, document)
    assert [str(problem).splitlines()[0] for problem in caught.value.problems] == [expected]


def test_valid_data_are_returned_and_all_errors_reported() -> None:
    document = read_yaml_text("{name: x, row: [{size: 3}]}", "f")
    assert validate(Outer, document.data, document).row[0].size == 3
    wrong = read_yaml_text("{flag: maybe, kind: 3, row: 4}", "f")
    with pytest.raises(PipelineError) as caught:
        validate(Outer, wrong.data, wrong)
    assert len(caught.value.problems) == 4


def test_values_are_described() -> None:
    assert [describe(value) for value in (None, True, False, "x", [1], {}, 2.5)] == [
        "nothing", "true", "false", "the text 'x'", "a list", "a mapping", "2.5",
    ]  # fmt: skip
