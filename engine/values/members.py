"""Members of any set: what nodes of the generic port type `Members` see of it.

A member is a prompt, an example, a critique, a group of failures, a family, an entry of a history or an element of a list. The
members of Scores are their prompts. Set work keeps the members as they are: lineage and marks stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, Final, TypeVar, cast, get_args

from promptwire.values.critiques import Critique, Critiques, FailureGroup, Failures
from promptwire.values.examples import Example, Examples
from promptwire.values.families import Families
from promptwire.values.hashing import digest
from promptwire.values.history import Entry, History
from promptwire.values.model import Model
from promptwire.values.named import Marks, check_name
from promptwire.values.prompts import Prompt, Prompts
from promptwire.values.scores import Scores

__all__ = [
    "MEMBER_SETS",
    "MEMBER_TYPES",
    "Markable",
    "Members",
    "MembersPort",
    "chosen",
    "key_of",
    "length_of",
    "marked",
    "members_of",
    "others",
    "prompt_of",
    "takes_members",
]

Members = Prompts | Examples | Critiques | Failures | Families | Scores | History | list[Any]
"""Annotation of a port that takes a set of any type; see `@node(same=...)` for outputs of the same type."""
Markable = Prompts | Examples | Critiques
"""Annotation of a port of type Members that takes only sets whose members have marks."""
MEMBER_TYPES: Final[Mapping[type, Any]] = {
    Prompts: Prompt,
    Examples: Example,
    Critiques: Critique,
    Failures: FailureGroup,
    Families: tuple[Prompt, ...],
    Scores: Prompt,
    History: Entry,
    list: str,
}
"""Python type of a member by that of its set; a list may hold other values too."""
MEMBER_SETS: Final[tuple[type, ...]] = tuple(MEMBER_TYPES)
"""Python types of the sets."""
_PARTS: Final = frozenset(map(str, get_args(Members)))
S = TypeVar("S", bound=Members)


class MembersPort:
    """The port type of `Members`. No value has this type: a check replaces it by the type that is wired."""


def takes_members(annotation: Any) -> bool:
    """Whether a port with this annotation is of type Members.

    >>> takes_members(Members | None), takes_members(Markable), takes_members(Prompts | None)
    (True, True, False)
    """
    parts = {str(part) for part in get_args(annotation) if part is not type(None)}
    return isinstance(annotation, UnionType) and len(parts) > 1 and parts <= _PARTS


def members_of(of: Members) -> tuple[Any, ...]:
    """The members of a set, in order."""
    if isinstance(of, Failures):
        return of.groups
    if isinstance(of, History):
        return of.entries
    if isinstance(of, Scores):
        return of.prompts.items
    return tuple(of) if isinstance(of, list | tuple) else of.items


def chosen(of: S, members: Iterable[Any]) -> S:
    """The set `of` with these of its members, in this order. A member of Scores keeps its rows."""
    items = tuple(members)
    found: Any
    if isinstance(of, Failures):
        found = Failures(groups=items)
    elif isinstance(of, History):
        found = of.model_copy(update={"entries": items})
    elif isinstance(of, Scores):
        found = of.only(Prompts(items=items))
    elif isinstance(of, Prompts | Examples | Critiques | Families):
        found = type(of)(items=items)
    else:
        found = list(items)
    return cast(S, found)


def key_of(member: Any) -> Any:
    """What makes two members the same: content, without lineage and marks.

    >>> key_of(Prompt(text="x", parents=("a",))) == key_of(Prompt(text="x"))
    True
    """
    if isinstance(member, Prompt | Example):
        return member.id
    if isinstance(member, Entry):
        return member.prompt.id
    if isinstance(member, Critique):
        return member.prompt.id, member.text, tuple(case.example.id for case in member.cases)
    if isinstance(member, FailureGroup):
        return member.prompt.id, tuple((case.example.id, case.output) for case in member.cases)
    if isinstance(member, tuple) and all(isinstance(one, Prompt) for one in member):
        return tuple(one.id for one in member)
    return digest([member.model_dump(mode="json") if isinstance(member, Model) else member])


def others(of: S, taken: Iterable[Any]) -> S:
    """The set `of` without the members `taken`, in order."""
    gone = {key_of(member) for member in taken}
    return chosen(of, (member for member in members_of(of) if key_of(member) not in gone))


def prompt_of(member: Any) -> Prompt | None:
    """The prompt that a member is, or is about; None for an example, a family and an element of a list."""
    return member if isinstance(member, Prompt) else getattr(member, "prompt", None)


def length_of(member: Any) -> int:
    """Length of a member's text in characters; of several texts, their sum."""
    if isinstance(member, FailureGroup):
        return sum(len(case.example.text) for case in member.cases)
    if isinstance(member, tuple):
        return sum(map(length_of, member))
    shown = member.prompt if isinstance(member, Entry) else member
    return len(str(shown))


def marked(member: Any, marks: Mapping[str, float]) -> Any:
    """`member` with `marks` in place of, or beside, those that it has. Raises ValueError for a bad name."""
    for name in marks:
        check_name(name)
    return member.model_copy(update={"marks": Marks({**member.marks, **marks})})
