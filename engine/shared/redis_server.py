"""Connection to a Redis or Valkey server. The only module that imports `redis`.

A server that goes away is a state, not an exception: commands then return None at once, and it is tried again after a wait
that grows. No message holds the user name, the password or the query of the server's address.

One connection is used, below the level of the client class of `redis`: an exchange then takes a third of the processor time.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from promptwire.errors import CacheError, UsageError
from promptwire.security.secrets import redact, redact_error
from promptwire.shared.redis_text import FORM, SCHEMES, Command, fact, packed, saves_never, secrets_of, shown

__all__ = ["INSTALL", "Command", "RedisServer", "Refusal"]

INSTALL: Final = "pip install 'promptwire[redis]'"
"""The command that installs what this module needs."""
_IDLE: Final = 20.0
"""Seconds of silence after which a connection may have been closed by what lies between, so that it is tried first."""
_PATIENCE: Final = 5.0
"""Seconds without a reply after which the server counts as away."""
_WAITS: Final = (0.25, 15.0)
"""Seconds until it is tried again: at first, and at most."""
_EVICTION: Final = "set maxmemory-policy to noeviction, or answers get lost and are paid again"
_PERSISTENCE: Final = "answers are lost when it ends: set `appendonly yes`, or `save` to times"
_reached: set[str] = set()
"""Hashes of the addresses that this process has reached."""
_warned: set[str] = set()
"""Hashes of the addresses whose warnings were given."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Error reply of the server to one command."""

    text: str
    """What the server said, without secrets."""


class RedisServer:
    """Sends commands to one server. Belongs to one event loop; several tasks may use it, one after another."""

    def __init__(self, url: str, *, patience: float = _PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the address, without connecting. Raises UsageError for an address that can't be one."""
        self.where = shown(url)
        """The address without user, password and query."""
        self.away = False
        """Whether it could not be reached the last time."""
        self._secrets = secrets_of(url)
        self._patience = patience
        self._clock = clock
        self._wait = _WAITS[0]
        self._again = 0.0
        self._notes: list[str] = []
        self._mark = hashlib.sha256(url.encode()).hexdigest()
        self._library = _library()
        self._pool = self._made(url)
        self._link: Any = None
        self._used = 0.0
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Connect. Raises CacheError when it can't be reached or refuses the login.

        A server that this process has reached before may be away: a run then goes on without it.
        """
        try:
            (reply,) = await self._exchange([self.script("return 1", [], [])])
            if isinstance(reply, Exception):
                raise reply
        except Exception as error:
            lost = self._lost(error)
            if self._mark in _reached and not self._refused(error):
                self._leave(lost)
                return
            raise CacheError(lost, where=self.where, hint=self._hint(error)) from redact_error(error, self._secrets)
        _reached.add(self._mark)
        self._back()

    async def send(self, commands: Sequence[Command]) -> list[Any] | None:
        """Send `commands` together and return their replies in order; None when the server is away.

        Texts in replies are bytes. A command that the server refuses has a Refusal as its reply. Without a reply in time, the
        server counts as away, and what was sent may have had its effect. Shield a call that may be cancelled: cancelling
        closes its connection.
        """
        if self.away and self._clock() < self._again:
            return None
        try:
            replies = await self._exchange(commands)
        except Exception as error:  # redis-py raises errors of many kinds for a reply that breaks the protocol
            self._leave(self._lost(error))
            return None
        away = next((one for one in replies if self._lasting(one)), None)
        if away is not None:
            self._leave(self._lost(away))
            return None
        self._back()
        return [Refusal(self._clean(str(one))) if isinstance(one, Exception) else one for one in replies]

    async def run_script(self, script: str, keys: Sequence[str], arguments: Sequence[str | bytes | int]) -> Any:
        """Run a Lua script on the server and return its reply, a Refusal, or None when the server is away.

        A script that returns nothing can't be told from a server that is away: let it return a number.
        """
        replies = await self.send([self.script(script, keys, arguments)])
        return None if replies is None else replies[0]

    @staticmethod
    def script(script: str, keys: Sequence[str], arguments: Sequence[str | bytes | int]) -> Command:
        """The command that runs a Lua script, to send it together with others."""
        return ("EVAL", script, len(keys), *keys, *arguments)

    async def warnings(self) -> list[str]:
        """What can lose answers on this server: that it evicts rows, or that it stores nothing on disk."""
        replies = await self.send([("INFO", "memory"), ("INFO", "persistence"), ("CONFIG", "GET", "save")])
        memory, persistence, save = replies or ({}, {}, Refusal(""))
        found = []
        policy = fact(memory, "maxmemory_policy")
        if policy not in ("", "noeviction"):
            found.append(f"{self.where} removes rows when its memory is full ({policy}): {_EVICTION}")
        # A server that hides its configuration may well save snapshots.
        if fact(persistence, "aof_enabled") == "0" and saves_never(save):
            found.append(f"{self.where} stores nothing on disk, so {_PERSISTENCE}")
        return found

    async def warnings_once(self) -> list[str]:
        """The `warnings`, at the first call for this address in this process."""
        if self._mark in _warned:
            return []
        _warned.add(self._mark)
        return await self.warnings()

    def take_notes(self) -> list[str]:
        """Messages to the user: that the server went away, or is back. Each is returned once."""
        notes, self._notes = self._notes, []
        return notes

    async def close(self) -> None:
        """Close the connection."""
        await self._drop(nowait=False)

    async def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        """Send `commands` and return their replies, some of which may be errors. After an error the connection is closed."""
        data = packed(commands)
        async with self._turn:
            try:
                async with asyncio.timeout(self._patience):
                    link = await self._connected()
                    await link.send_packed_command(data)
                    replies = [await self._reply(link) for _ in commands]
            except BaseException:
                await self._drop()
                raise
            self._used = self._clock()
            return replies

    async def _connected(self) -> Any:
        """The connection: the one that is open, if it still works."""
        if self._link is not None and self._clock() - self._used > _IDLE:
            try:
                await self._link.send_packed_command(packed([("PING",)]))
                await self._reply(self._link)
            except (OSError, self._library.RedisError):
                await self._drop()
        if self._link is None:
            link = self._link = self._pool.make_connection()
            await link.connect()
        return self._link

    async def _reply(self, link: Any) -> Any:
        try:
            return await link.read_response(disable_decoding=True)
        except self._library.ResponseError as error:
            return error

    async def _drop(self, *, nowait: bool = True) -> None:
        link, self._link = self._link, None
        if link is not None:
            with suppress(OSError, self._library.RedisError):
                await link.disconnect(nowait=nowait)

    def _made(self, url: str) -> Any:
        """What makes connections, with one try each: this class says when to try again."""
        scheme, _, rest = url.partition("://")
        known = f"{SCHEMES[scheme.lower()]}://{rest}"
        once = self._library.asyncio.retry.Retry(self._library.backoff.NoBackoff(), 0)
        try:
            # Protocol 2: Redis 3 to 8 and Valkey know it.
            made = self._library.asyncio.ConnectionPool
            pool = made.from_url(known, retry=once, protocol=2, socket_connect_timeout=self._patience)
            pool.make_connection()  # not connected; an unknown part of the query is an error here
        except (ValueError, TypeError) as error:
            problem = self._clean(f"the address of the shared cache can't be used: {error}")
            raise UsageError(problem, where=self.where, hint=FORM) from redact_error(error, self._secrets)
        return pool

    def _lost(self, error: BaseException) -> str:
        """Why the server is away."""
        if self._refused(error):
            return f"the server refuses the login: {self._clean(str(error))}"
        if isinstance(error, TimeoutError | self._library.exceptions.TimeoutError):
            return f"the server gave no answer within {self._patience:g} seconds"
        if isinstance(error, OSError | self._library.RedisError):
            return f"the server can't be reached: {self._clean(str(error) or type(error).__name__)}"
        return f"the server sent what can't be read ({type(error).__name__})"

    def _refused(self, error: BaseException) -> bool:
        library = self._library.exceptions
        denied = (library.AuthenticationError, library.AuthorizationError, library.AuthenticationWrongNumberOfArgsError)
        return isinstance(error, (*denied, library.NoPermissionError)) or str(error).startswith("NOAUTH")

    def _lasting(self, reply: Any) -> bool:
        """Whether an error reply concerns all commands: the login, or a server that is still loading its data."""
        return isinstance(reply, Exception) and (self._refused(reply) or isinstance(reply, self._library.ConnectionError))

    def _hint(self, error: BaseException) -> str:
        if self._refused(error):
            return "give user and password in the address: redis://USER:PASSWORD@HOST:6379; the user needs @scripting"
        return "start the server, or correct --cache-url or PROMPTWIRE_CACHE_URL"

    def _leave(self, why: str) -> None:
        now = self._clock()
        if not self.away:
            self._wait = _WAITS[0]
            self._notes.append(f"warning: {self.where}: {why}; the run goes on without it")
        self.away, self._again = True, now + self._wait
        self._wait = min(2 * self._wait, _WAITS[1])

    def _back(self) -> None:
        if self.away:
            self.away = False
            self._notes.append(f"{self.where} is back")

    def _clean(self, text: str) -> str:
        return redact(redact(text, self._secrets))


def _library() -> Any:
    """The package `redis`. Raises UsageError when it is missing."""
    try:
        import redis  # noqa: PLC0415 - an extra, and it takes a tenth of a second
        import redis.asyncio  # noqa: PLC0415
        import redis.asyncio.retry  # noqa: PLC0415
        import redis.backoff  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(f"a shared cache needs the package redis, which can't be imported: {error}", hint=INSTALL) from error
    return redis
