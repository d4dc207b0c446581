"""Redaction of secrets in texts that are shown or stored.

An endpoint may quote the key that it refused, and error texts end up in terminals, traces and bug reports. Known secrets are
those of the environment: variables named like keys, and passwords in addresses. Each occurrence in a text is replaced. Secrets
of an address on the command line are known to its backend.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from promptwire.lazy_pattern import lazy_pattern

__all__ = [
    "hide_credentials",
    "holds_secret",
    "is_distinctive",
    "query_secret",
    "redact",
    "redact_error",
    "redact_json",
    "secrets",
    "secrets_in_address",
]

_NAMES = lazy_pattern(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_|$)", re.IGNORECASE)
_QUERY = lazy_pattern(
    r"keys?\d*$|token$|secret|passw|^pass$|^pwd$|credential|^sig(?:nature)?$|auth|^code$",
    re.IGNORECASE,
)
"""Names of query parameters whose values are secrets."""
_RANDOM = lazy_pattern(r"(?=.*[A-Za-z])(?=.*\d)(?:[a-z]{2,5}[-_])?[\w+/=]{20,}")
"""A value that looks like a key: one long word of letters and digits."""
_SHORTEST = 8
"""Shorter values are placeholders such as `none`. Replacing those would damage ordinary words."""
_ADDRESS = lazy_pattern(r"[a-zA-Z][\w+.-]*://[^\s/?#]*@")


def secrets(shortest: int = _SHORTEST) -> tuple[str, ...]:
    """Secrets in the environment: keys of at least `shortest` characters, and secrets in addresses."""
    found = {value for name, value in os.environ.items() if len(value) >= shortest and _NAMES.search(name)}
    for value in os.environ.values():
        if _ADDRESS.match(value):
            found.update(secret for secret in secrets_in_address(value) if is_distinctive(secret))
    return _longest_first(found)


def holds_secret(text: str) -> bool:
    """Whether `text` holds a secret of the environment, as it is or as JSON, YAML or Python write it in quotes."""
    for secret in secrets():
        forms = {json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
        if any(form in text for form in {secret, repr(secret)[1:-1], *forms}):
            return True
    return False


def redact(text: str, known: Iterable[str] | None = None) -> str:
    """`text` with each `known` secret replaced by `***`; by default the secrets of the environment."""
    for secret in secrets() if known is None else known:
        text = text.replace(secret, "***")
    return text


def redact_json(value: Any, known: Iterable[str]) -> Any:
    """JSON value with the `known` secrets redacted in all its texts, including field names."""
    known = tuple(known)
    return _walked(value, known) if known else value


def redact_error(error: BaseException, known: Iterable[str]) -> BaseException:
    """`error` with the `known` secrets redacted in its text and in those of its causes, which a traceback shows."""
    known, at = tuple(known), error
    seen: set[int] = set()
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        at.args = tuple(redact_json(list(at.args), known))
        for name in ("message", "body"):  # attributes of provider libraries that repeat the arguments
            if hasattr(at, name):
                with suppress(AttributeError, TypeError):
                    setattr(at, name, redact_json(getattr(at, name), known))
        at = at.__cause__ or at.__context__  # type: ignore[assignment]
    return error


def secrets_in_address(text: str) -> tuple[str, ...]:
    """Secrets in an address, in each form in which an endpoint may quote them.

    They are the password (or the user name where there is no password), the HTTP Basic login, and query values that are keys.
    A password too short to differ from an ordinary word is included only as part of the login.

    >>> secrets_in_address("http://me:pw@host/v1")
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
        if query_secret(unquote(name), unquote(value)):
            found |= {value, *(one for _, one in parse_qsl(pair))}
    found |= {unquote(secret) for secret in found}
    return _longest_first(secret for secret in found if len(secret) >= _SHORTEST // 2)


def query_secret(name: str, value: str) -> str:
    """Why a query value is a secret: `name`, or `look` when it looks like a key; empty when it is none."""
    if not value:
        return ""
    return "name" if _QUERY.search(name) else "look" if _RANDOM.fullmatch(value) else ""


def hide_credentials(text: str) -> str:
    """An address without user, password and query, for messages. It may be malformed.

    >>> hide_credentials("ftp://u:pw@host/x?key=1")
    'ftp://***@host/x?***'
    """
    head, at, rest = text.rpartition("@")
    start, slashes, _ = head.partition("//")
    bare = f"{start + slashes if slashes else ''}***@{rest}" if at else text
    shown = re.split(r"[?#]", bare, maxsplit=1)
    return shown[0] if len(shown) == 1 else f"{shown[0]}?***"


def is_distinctive(secret: str) -> bool:
    """Whether a secret of an address can't be an ordinary word: it is long, or not only letters."""
    return len(secret) >= 2 * _SHORTEST or (len(secret) >= 6 and not secret.isalpha())


def _longest_first(found: Iterable[str]) -> tuple[str, ...]:
    """Longest first, so that a secret that begins with another one is replaced whole."""
    return tuple(sorted(set(found), key=lambda secret: (-len(secret), secret)))


def _walked(value: Any, known: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return redact(value, known)
    if isinstance(value, Mapping):
        return {redact(name, known) if isinstance(name, str) else name: _walked(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [_walked(one, known) for one in value]
    return value
