"""One HTTP address as the user gave it, and what of it goes where: requests, cache keys, messages.

A request goes to the address with its path in front of the query. The cache's identity holds scheme, host, port, path and
query: those decide which server answers. A user, a password and a key in the query only say who pays, so they are in no
identity. They are never shown.
"""

from __future__ import annotations

import base64
import ipaddress
import socket
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from promptwire.errors import UsageError
from promptwire.security.secrets import hide_credentials, is_distinctive, query_secret, redact, redact_json, secrets_in_address
from promptwire.values.hashing import digest

__all__ = ["Address", "loopback"]

_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback"})


@dataclass(frozen=True)
class Address:
    """An address, which may hold a login and a query."""

    text: str
    """As it was given."""

    @classmethod
    def checked(cls, text: str, where: str) -> Address:
        """The address in `text`. Raises UsageError, naming `where`, when it is none; its secrets are not shown."""
        address = cls(text)
        try:
            known = text.startswith(("http://", "https://")) and bool(address.host) and address.parts.port != 0
        except ValueError:
            known = False
        if not known or any(character.isspace() for character in text):
            raise UsageError(f"{hide_credentials(text)!r} is no address", where=where, hint="such as http://127.0.0.1:8000/v1")
        return address

    @cached_property
    def parts(self) -> SplitResult:
        """Its parts. Raises ValueError for a malformed one."""
        return urlsplit(self.text)

    @property
    def host(self) -> str:
        """The host's name, or an empty text."""
        return self.parts.hostname or ""

    @property
    def login(self) -> str:
        """The header that carries user and password, or an empty text: for HTTP's Basic login."""
        found, at, _ = self.parts.netloc.rpartition("@")
        user, _, password = found.partition(":")
        pair = f"{unquote(user)}:{unquote(password)}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}" if at else ""

    def url(self, path: str = "") -> str:
        """Where a request for `path` goes: the query stays, the login does not."""
        parts, place = self.parts, self._bare
        found = _machine(self.host)
        if found is not None:  # not every HTTP library reads 127.1, nor every resolver `localhost.`
            place = (f"[{found}]" if ":" in found else found) + (f":{parts.port}" if parts.port else "")
        return urlunsplit((parts.scheme, place, parts.path.rstrip("/") + path, parts.query, ""))

    @property
    def identity(self) -> str:
        """What tells its server from others, without secrets."""
        parts = self.parts
        return urlunsplit((parts.scheme, self._bare, parts.path.rstrip("/"), self._query, ""))

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """What an error must not show."""
        return secrets_in_address(self.text)

    @cached_property
    def _telling(self) -> tuple[str, ...]:
        return tuple(secret for secret in self.secrets if is_distinctive(secret))

    def masked(self, text: str) -> str:
        """A message without the secrets of this address."""
        return redact(text, self.secrets)

    def reply(self, data: Any) -> Any:
        """What was answered, without the secrets of this address that can't be ordinary words."""
        return redact_json(data, self._telling)

    @property
    def _bare(self) -> str:
        return self.parts.netloc.rpartition("@")[2]

    @property
    def _query(self) -> str:
        found = []
        for pair in self.parts.query.split("&"):
            name, _, value = pair.partition("=")
            why = query_secret(unquote(name), unquote(value))
            if why != "name":
                found.append(f"{name}=***{digest(unquote(value), 8)}" if why else pair)
        return "&".join(found)


def loopback(host: str) -> bool:
    """Whether `host` names this machine itself: what goes there must not pass a proxy.

    >>> [loopback(host) for host in ("127.1", "localhost.", "::1", "example.org")]
    [True, True, True, False]
    """
    return _machine(host) is not None


def _machine(host: str) -> str | None:
    """The usual way to write a host that is this machine itself; None for any other."""
    name = host.strip("[]").partition("%")[0].rstrip(".").lower()
    if name in _LOOPBACK_NAMES or name.endswith(".localhost"):
        return name
    try:
        known = ipaddress.ip_address(name)
    except ValueError:
        try:
            known = ipaddress.ip_address(socket.inet_aton(name))  # 127.1, 0x7f.1 and 2130706433, as resolvers read them
        except (OSError, ValueError):
            return None
    mapped = getattr(known, "ipv4_mapped", None) or known
    return str(known) if mapped.is_loopback or mapped.is_unspecified else None
