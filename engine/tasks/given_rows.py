"""Examples given in Python: dicts, pairs, a DataFrame, or any iterable of them.

A DataFrame is known by its methods. So neither pandas nor polars is imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from promptwire.errors import DataError
from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import Loaded
from promptwire.tasks.rows import example_of
from promptwire.values import Example, Examples

__all__ = ["given_examples"]

_PAIR: Final = 2
_KINDS: Final = "give dicts such as {'input': ..., 'output': ...}, pairs (input, output), or a DataFrame"


def given_examples(given: Any, columns: Columns, where: str, *, outputs: bool = True) -> Loaded:
    """The examples in `given`, in order; `where` names them in errors. Without `outputs` an example needs none.

    Raises DataError when there is none, or one is no example.
    """
    if isinstance(given, Examples):
        return Loaded(given, 0)
    rows = enumerate(_rows(given, where))
    examples = [_example(row, columns, f"{where}, row {number}", outputs=outputs) for number, row in rows]
    if not examples:
        raise DataError("there are no examples", where=where, hint=_KINDS)
    unique = Examples.of(examples)
    return Loaded(unique, len(examples) - len(unique))


def _rows(given: Any, where: str) -> Iterable[Any]:
    if hasattr(given, "to_dicts"):  # polars
        rows = given.to_dicts()
    elif hasattr(given, "to_dict") and hasattr(given, "columns"):  # pandas
        rows = given.to_dict("records")
    else:
        rows = given
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise DataError(f"these examples are a {type(given).__name__}", where=where, hint=_KINDS)
    return rows


def _example(row: Any, columns: Columns, where: str, *, outputs: bool) -> Example:
    if isinstance(row, Example):
        return row
    if isinstance(row, tuple | list) and columns.numbered:
        row = dict(enumerate(row))
    if isinstance(row, tuple | list) and len(row) == _PAIR and columns.single:
        row = {columns.inputs[0]: row[0], columns.target: row[1]}
    if isinstance(row, str) and columns.single and not outputs:
        row = {columns.inputs[0]: row}
    if not isinstance(row, Mapping):
        raise DataError(f"this example is a {type(row).__name__}", where=where, hint=_KINDS)
    plain = {str(name): _plain(value) for name, value in row.items()}
    return example_of({name: value for name, value in plain.items() if value is not None}, columns, where, outputs=outputs)


def _plain(value: Any) -> Any:
    """`value` as JSON holds it: numbers of numpy become Python's, missing values None, other objects their text."""
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if hasattr(value, "tolist"):  # numpy
        return _plain(value.tolist())
    if _missing(value):
        return None
    return value if isinstance(value, float) else str(value)


def _missing(value: Any) -> bool:
    """Whether `value` is NaN, or a library's own mark of a missing value, which equals not even itself."""
    try:
        return not bool(value == value)
    except TypeError:
        return True
