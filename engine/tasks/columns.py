"""Columns of a task's data: which of them hold input and output, and how their cells are read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

from pydantic import Field, ValidationInfo, field_validator

from promptwire.documents.validation_errors import describe
from promptwire.values import Model

__all__ = ["Columns", "repeated"]

_OUTPUT: Final = "output"


class Columns(Model):
    """Columns of a data file that hold input and output."""

    input: str | int | tuple[str | int, ...] = "input"
    """Column of the input; several columns become named fields. A number, from 0, is a column of a file without a header."""
    output: str | int = _OUTPUT
    """Column of the accepted output or outputs."""
    after: str | None = Field(default=None, min_length=1)
    """Marker in a cell of the output column, such as `####`: the output is what follows its last occurrence."""
    separator: str | None = Field(default=None, min_length=1)
    """Text between several accepted outputs in one cell, such as `;`."""
    names: dict[str, str] = {}
    """What is written for an output, such as `{"0": negative, "1": positive}`. Then every output must be among them."""
    join: str = "\n"
    """Text between the members of a list in an input column."""

    @field_validator("input", "output", mode="before")
    @classmethod
    def _are_names_or_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse other values here, so that they give one error and not one for each type that is allowed."""
        several = info.field_name == "input" and isinstance(value, list | tuple)
        for column in value if several else (value,):
            if isinstance(column, bool) or not isinstance(column, str | int):
                also = ", or a list of these" if info.field_name == "input" else ""
                raise ValueError(f"a column is a name, or a number from 0{also}, not {describe(column)}")
            if isinstance(column, int) and column < 0:
                raise ValueError(f"a column is numbered from 0, not {column}")
        if info.field_name == "output" and value == "":
            raise ValueError("name the column")
        return value

    @field_validator("input")
    @classmethod
    def _names_columns(cls, columns: str | int | tuple[str | int, ...]) -> str | int | tuple[str | int, ...]:
        if columns in ((), ""):
            raise ValueError("name at least one column")
        if isinstance(columns, tuple) and (again := repeated(map(str, columns))):
            raise ValueError(f"the column {again!r} is there twice")
        return columns

    @field_validator("names", mode="before")
    @classmethod
    def _as_text(cls, names: Any) -> Any:
        """YAML reads `0` as a number and `true` as a Bool; the data hold their text."""
        if not isinstance(names, dict):
            return names
        return {_text(key): _text(value) for key, value in names.items()}

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input columns; a number as its digits."""
        return tuple(map(str, self.input)) if isinstance(self.input, tuple) else (str(self.input),)

    @cached_property
    def target(self) -> str:
        """Name of the output column; a number as its digits."""
        return str(self.output)

    @cached_property
    def both(self) -> tuple[str, ...]:
        """Names of the input columns and of the output column."""
        return (*self.inputs, self.target)

    @cached_property
    def used(self) -> frozenset[str]:
        """Names of the columns of input and output."""
        return frozenset(self.both)

    @cached_property
    def plain(self) -> bool:
        """Whether a cell of the output column is the output, as it stands."""
        return self.after is None and self.separator is None and not self.names

    @property
    def single(self) -> bool:
        """Whether the input is one column, so that it becomes a text and not named fields."""
        return not isinstance(self.input, tuple)

    @property
    def numbered(self) -> bool:
        """Whether all columns are given by number, as in data without a header."""
        inputs = self.input if isinstance(self.input, tuple) else (self.input,)
        named = isinstance(self.output, str) and self.output != _OUTPUT
        return all(isinstance(column, int) for column in inputs) and not named

    def wanted(self, *, outputs: bool) -> tuple[str, ...]:
        """Names of the columns that every row has. Without `outputs` the output column is needed only if the task names one."""
        return self.both if outputs or self.output != _OUTPUT else self.inputs


def repeated(names: Iterable[str]) -> str:
    """The first name that is there again; empty when all differ. Columns without a name may be several."""
    seen: set[str] = set()
    for name in names:
        if name and name in seen:
            return name
        seen.add(name)
    return ""


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value
