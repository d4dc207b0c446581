"""HTTP address of a model endpoint: request URL, cache identity, and text for messages.

A request adds its path before the query. The cache identity holds scheme, host, port, path and query, which decide the server.
User, password and keys in the query only decide who pays, so no identity holds them. They are never shown.
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
    """An address, optionally with a login and a query."""

    text: str
    """The address as given."""

    @classmethod
    def checked(cls, text: str, where: str) -> Address:
        """Parse `text`. Raises UsageError at `where` when it is not an address, without showing its secrets."""
        address = cls(text)
        try:
            known = text.startswith(("http://", "https://")) and bool(address.host) and address.parts.port != 0
        except ValueError:
            known = False
        if not known or any(character.isspace() for character in text):
            raise UsageError(
                f"{hide_credentials(text)!r} is not an address", where=where, hint="write one such as http://127.0.0.1:8000/v1"
            )
        return address

    @cached_property
    def parts(self) -> SplitResult:
        """Parts of the URL. Raises ValueError for a malformed one."""
        return urlsplit(self.text)

    @property
    def host(self) -> str:
        """Host name, or an empty text."""
        return self.parts.hostname or ""

    @property
    def login(self) -> str:
        """HTTP Basic header with user and password, or an empty text."""
        found, at, _ = self.parts.netloc.rpartition("@")
        user, _, password = found.partition(":")
        pair = f"{unquote(user)}:{unquote(password)}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}" if at else ""

    def url(self, path: str = "") -> str:
        """URL of a request for `path`, with the query and without the login."""
        parts, netloc = self.parts, self._bare
        found = _machine(self.host)
        if found is not None:  # some HTTP libraries don't read 127.1, and some resolvers don't read `localhost.`
            netloc = (f"[{found}]" if ":" in found else found) + (f":{parts.port}" if parts.port else "")
        return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/") + path, parts.query, ""))

    @cached_property
    def identity(self) -> str:
        """Part of the cache identity: the server, without secrets."""
        parts = self.parts
        return urlunsplit((parts.scheme, self._bare, parts.path.rstrip("/"), self._query, ""))

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Secrets that no error may show."""
        return secrets_in_address(self.text)

    @cached_property
    def _distinctive(self) -> tuple[str, ...]:
        return tuple(secret for secret in self.secrets if is_distinctive(secret))

    def redact(self, text: str) -> str:
        """Message without the secrets of this address."""
        return redact(text, self.secrets)

    def redact_json(self, data: Any) -> Any:
        """Reply without the secrets of this address, except those that may be ordinary words."""
        return redact_json(data, self._distinctive)

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
    """Whether `host` is this machine. Requests to it bypass proxies.

    >>> [loopback(host) for host in ("127.1", "localhost.", "::1", "example.org")]
    [True, True, True, False]
    """
    return _machine(host) is not None


def _machine(host: str) -> str | None:
    """Normal form of a host that is this machine; None for other hosts."""
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
