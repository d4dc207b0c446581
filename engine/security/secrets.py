"""Takes secrets out of text before it is shown or written down.

An endpoint may quote the key that it refused, and error texts end up in terminals, traces and bug reports. The secrets that a
process knows are in its environment, under names that say so or as passwords of addresses; whatever of them turns up in a text
is replaced. What an address on the command line holds is known to the backend that speaks to it.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["cleaned", "hidden", "in_address", "in_query", "redact", "scrubbed", "secrets", "telling"]

_NAMES = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_|$)", re.IGNORECASE)
_QUERY = re.compile(
    r"keys?\d*$|token$|secret|passw|^pass$|^pwd$|credential|^sig(?:nature)?$|auth|^code$",
    re.IGNORECASE,
)
"""Names in the query of an address whose values are secrets."""
_RANDOM = re.compile(r"(?=.*[A-Za-z])(?=.*\d)(?:[a-z]{2,5}[-_])?[\w+/=]{20,}")
"""A value that looks like a key: letters and digits in one long word."""
_SHORTEST = 8
"""Shorter values are placeholders such as `none`: replacing those would maul ordinary words."""
_ADDRESS = re.compile(r"[a-zA-Z][\w+.-]*://[^\s/?#]*@")


def secrets(shortest: int = _SHORTEST) -> tuple[str, ...]:
    """The secrets in the environment: keys of at least `shortest` characters, and what addresses hold."""
    found = {value for name, value in os.environ.items() if len(value) >= shortest and _NAMES.search(name)}
    for value in os.environ.values():
        if _ADDRESS.match(value):
            found.update(secret for secret in in_address(value) if telling(secret))
    return _longest_first(found)


def redact(text: str, known: Iterable[str] | None = None) -> str:
    """`text` with the `known` secrets, those of the environment when not given, replaced by `***`."""
    for secret in secrets() if known is None else known:
        text = text.replace(secret, "***")
    return text


def cleaned(value: Any, known: Iterable[str]) -> Any:
    """The JSON value with the `known` secrets taken out of every text in it, names of fields included."""
    known = tuple(known)
    return _walked(value, known) if known else value


def scrubbed(error: BaseException, known: Iterable[str]) -> BaseException:
    """`error` with the `known` secrets taken out of its text and out of those of its causes, which a traceback shows."""
    known, at = tuple(known), error
    seen: set[int] = set()
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        at.args = tuple(cleaned(list(at.args), known))
        for name in ("message", "body"):  # what the libraries of providers show and keep beside the arguments
            if hasattr(at, name):
                with suppress(AttributeError, TypeError):
                    setattr(at, name, cleaned(getattr(at, name), known))
        at = at.__cause__ or at.__context__  # type: ignore[assignment]
    return error


def in_address(text: str) -> tuple[str, ...]:
    """The secrets in an address, in each form in which an endpoint may quote them.

    They are its password, or the user's name where there is no password, both also as HTTP's Basic login, and the values of
    its query that are keys. What is too short to be told from an ordinary word is only known as a part of its login.

    >>> in_address("http://me:pw@host/v1")
    ('bWU6cHc', 'me:pw')
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        return ()
    login = parts.netloc.rpartition("@")[0]
    user, colon, password = login.partition(":")
    found = {password or user} if login else set()
    if login and colon:
        found.add(login)
    if login:
        plain = f"{unquote(user)}:{unquote(password)}"
        for name in ("utf-8", "latin-1"):
            found.add(base64.b64encode(plain.encode(name, "replace")).decode("ascii").rstrip("="))
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if in_query(unquote(name), unquote(value)):
            found |= {value, *(one for _, one in parse_qsl(pair))}
    found |= {unquote(secret) for secret in found}
    return _longest_first(secret for secret in found if len(secret) >= _SHORTEST // 2)


def in_query(name: str, value: str) -> str:
    """Why the value in the query of an address is a secret: by its `name` or by its `look`; empty when it is none."""
    if not value:
        return ""
    return "name" if _QUERY.search(name) else "look" if _RANDOM.fullmatch(value) else ""


def hidden(text: str) -> str:
    """What was given as an address, without user, password and query: for messages, however malformed it is.

    >>> hidden("ftp://u:pw@host/x?key=1")
    'ftp://***@host/x?***'
    """
    head, at, rest = text.rpartition("@")
    start, slashes, _ = head.partition("//")
    bare = f"{start + slashes if slashes else ''}***@{rest}" if at else text
    shown = re.split(r"[?#]", bare, maxsplit=1)
    return shown[0] if len(shown) == 1 else f"{shown[0]}?***"


def telling(secret: str) -> bool:
    """Whether a secret of an address can't be an ordinary word: it is long, or holds more than letters."""
    return len(secret) >= 2 * _SHORTEST or (len(secret) >= 6 and not secret.isalpha())


def _longest_first(found: Iterable[str]) -> tuple[str, ...]:
    """A secret that begins with another one must go whole."""
    return tuple(sorted(set(found), key=lambda secret: (-len(secret), secret)))


def _walked(value: Any, known: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return redact(value, known)
    if isinstance(value, Mapping):
        return {redact(name, known) if isinstance(name, str) else name: _walked(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [_walked(one, known) for one in value]
    return value
