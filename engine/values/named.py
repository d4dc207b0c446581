"""What a member of a set carries beside its content: companion texts and marks, by name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator

__all__ = ["CompanionField", "CompanionName", "Companions", "MarkField", "Marks", "check_name"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


def check_name(name: str) -> str:
    """Return `name`, if templates can read it as `prompt.marks.NAME`. Raises ValueError.

    >>> check_name("visits")
    'visits'
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name: it consists of small letters, digits and _, and begins with a letter")
    if hasattr(dict, name):
        raise ValueError(f"{name!r} can't be a name, as templates would read a method of mappings")
    return name


class Companions(dict[str, str]):
    """Further texts of a prompt by name. Not to be changed."""

    def __hash__(self) -> int:  # type: ignore[override] # dict forbids it, as it can be changed
        return hash(frozenset(self.items()))


class Marks(dict[str, float]):
    """Numbers by name, which a loop carries. A mark that is not set reads as 0. Not to be changed.

    >>> Marks({"visits": 2.0})["wins"]
    0.0
    """

    def __missing__(self, name: str) -> float:
        return 0.0

    def __hash__(self) -> int:  # type: ignore[override] # dict forbids it, as it can be changed
        return hash(frozenset(self.items()))


def _checked(names: Iterable[str]) -> None:
    for name in names:
        check_name(name)


def _companions(given: Mapping[str, str]) -> Companions:
    _checked(given)
    return Companions(given)


def _marks(given: Mapping[str, float]) -> Marks:
    _checked(given)
    for name, value in given.items():
        if not math.isfinite(value):
            raise ValueError(f"{name!r} is {value}, which is no finite number")
    return Marks(given)


CompanionName = Annotated[str, AfterValidator(check_name)]
"""Type of a param that names a companion."""
CompanionField = Annotated[dict[str, str], AfterValidator(_companions)]
"""Type of a field of companion texts."""
MarkField = Annotated[dict[str, float], AfterValidator(_marks)]
"""Type of a field of marks."""
