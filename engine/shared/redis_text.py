"""Texts for and from a Redis server: its address, commands as they are sent, and what it tells about itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from promptwire.errors import UsageError
from promptwire.security.secrets import hide_credentials, secrets_in_address

__all__ = ["FORM", "SCHEMES", "Command", "fact", "packed", "saves_never", "secrets_of", "shown"]

Command = Sequence[str | bytes | int]
"""A command and its arguments."""
SCHEMES: Final = {"redis": "redis", "rediss": "rediss", "unix": "unix", "valkey": "redis", "valkeys": "rediss"}
"""Schemes of addresses, and the names by which the package `redis` knows them."""
FORM: Final = "an address is redis://HOST:6379, rediss://USER:PASSWORD@HOST:6379/0 with TLS, or unix:///FOLDER/redis.sock"


def packed(commands: Sequence[Command]) -> bytes:
    """`commands` in the form in which they are sent."""
    parts: list[str | bytes] = []
    for command in commands:
        parts.append(f"*{len(command)}\r\n")
        for one in command:
            if isinstance(one, bytes):
                parts += (f"${len(one)}\r\n", one, "\r\n")
                continue
            text = one if isinstance(one, str) else str(one)
            size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
            parts.append(f"${size}\r\n{text}\r\n")
    if all(isinstance(part, str) for part in parts):  # nearly always
        return "".join(parts).encode("utf-8", "surrogatepass")  # type: ignore[arg-type]
    return b"".join([part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass") for part in parts])


def shown(url: str) -> str:
    """`url` for messages. Raises UsageError, without quoting it, when it is none."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in SCHEMES and (parts.port is None or parts.port > 0)
        known = known and bool(parts.path if parts.scheme == "unix" else parts.hostname)
        # Behind the host it is a part of the password: `u:12/34@host` would connect to u:12, and tell.
        known = known and (parts.scheme == "unix" or "@" not in parts.path + parts.fragment)
    except ValueError:
        known = False
    if not known:  # not quoted: what stands in the place of the port may be a part of the password
        hint = f"{FORM}; write / ? # @ : in a password as %2F %3F %23 %40 %3A"
        raise UsageError("the address of the shared cache can't be read", hint=hint)
    return hide_credentials(url)


def secrets_of(url: str) -> tuple[str, ...]:
    """Secrets of the address, in each form in which a message may quote them."""
    password = urlsplit(url).password or ""
    short = {one for one in (password, unquote(password)) if len(one) > 1}
    return tuple(sorted({*secrets_in_address(url), *short}, key=len, reverse=True))


def fact(info: Any, name: str) -> str:
    """One value of a reply to INFO; empty when it is not there."""
    lines = info.decode("utf-8", "replace").splitlines() if isinstance(info, bytes) else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), "")


def saves_never(reply: Any) -> bool:
    """Whether a reply to CONFIG GET save says that no snapshots are made."""
    return isinstance(reply, list) and len(reply) == 2 and reply[1] == b""
