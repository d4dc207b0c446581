"""JSON over HTTP to one address, with every failure as one of our errors. The only module that knows aiohttp.

Lean on purpose: aiohttp takes 0.2 ms of processor time a request where litellm takes 3.8, and httpx's pool is quadratic in its
connections. It never retries: the gateway does. Whether trying again may help is all that the error's class says.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies, proxy_bypass

from promptwire.backend import charge
from promptwire.backends.address import Address, loopback
from promptwire.backends.error_replies import parse
from promptwire.backends.openai_format import NO_CREDIT, OVERFLOWN, TIMEOUT, cost
from promptwire.errors import ContextOverflow, ModelUnavailable, PromptwireError, RequestRefused, TransientError, UsageError
from promptwire.security.secrets import redact
from promptwire.security.untrusted_json import read_json

if TYPE_CHECKING:
    import aiohttp

__all__ = ["HttpClient"]

_LARGEST: Final = 64 * 2**20
"""Longest body that is read, in bytes: an endless stream must not fill the memory."""
_AGAIN: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_ABSENT: Final = "check the model's name, and that the address ends in /v1"
_SHOWN: Final = 300


class HttpClient:
    """One address. Connections are opened when first needed and kept."""

    def __init__(
        self, base: str, *, key: str | None = None, timeout: float = TIMEOUT, parallel: int = 64, absent: str = _ABSENT
    ) -> None:
        """`key` is sent as a bearer token, `timeout` is in seconds for a whole request, `absent` is the hint for a 404."""
        self._absent = absent
        self.base = base.rstrip("/")
        self._address = Address(base)
        if key and self._address.login:
            raise UsageError(
                "the address holds a password, and there is a key too", where=self._shown, hint="leave one of them out"
            )
        self._key = key
        self._timeout = timeout
        self._parallel = parallel
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to `body`.

        Raises TransientError when trying again may help, ContextOverflow, ModelUnavailable (wrong key, wrong address) or
        RequestRefused when it can't.
        """
        return await self._exchange("POST", path, body)

    async def get(self, path: str) -> dict[str, Any]:
        """What is at `path`. Raises like `post`."""
        return await self._exchange("GET", path, None)

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        import aiohttp  # noqa: PLC0415 - 0.2 s, and a run from the cache needs none

        try:
            url, how = self._address.url(path), self._how
            async with self._opened(aiohttp).request(method, url, json=body, allow_redirects=False, **how) as reply:
                text = await _body(reply)
                status, headers = reply.status, reply.headers
        except TimeoutError as error:
            raise self._transient(f"no answer within {self._timeout:g} seconds") from error
        except aiohttp.InvalidURL as error:
            raise ModelUnavailable("this is no address", where=self._shown, hint="write http://HOST:PORT/v1") from error
        except ValueError as error:  # aiohttp's word for a header that can't be; it quotes it, so the cause is not shown
            raise ModelUnavailable(
                "the key can't be sent", where=self._shown, hint="it holds a line break or the like"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._transient(f"the connection failed: {error or type(error).__name__}") from error
        if 300 <= status < 400:
            # Not followed: prompts and examples would go where nobody sent them, and a POST would arrive as a GET.
            raise ModelUnavailable(
                f"HTTP {status}: the address has moved to {self._clean(headers.get('Location', 'nowhere'))[:_SHOWN]}",
                where=self._shown,
                hint="give that address if it is the right one",
            )
        if status >= 400:
            raise self._refusal(status, headers, text)
        data = self._json(text, headers)
        told = _late(data)
        if told:  # routers send their status first, and what went wrong after it
            raise self._refusal(told, headers, text)
        found: dict[str, Any] = self._address.reply(data)
        return found

    def _opened(self, library: Any) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = library.ClientSession(
                timeout=library.ClientTimeout(total=self._timeout, connect=30),
                connector=library.TCPConnector(limit=self._parallel),
                # What a server remembers of this client is no part of the cache's key.
                cookie_jar=library.DummyCookieJar(),
                # Else a login of ~/.netrc would be sent; proxies of the environment are given with each request.
                trust_env=False,
            )
        return self._session

    @cached_property
    def _how(self) -> dict[str, Any]:
        """What goes with every request: the login, and the environment's proxy for an address of another machine.

        The login must not be the session's own: aiohttp sends a session's headers to the proxy too.
        """
        login = f"Bearer {self._key}" if self._key else self._address.login
        headers = {"Authorization": login} if login else {}
        scheme, host = self._address.parts.scheme, self._address.host
        found = getproxies().get(scheme)
        if not found or loopback(host) or proxy_bypass(host):
            return {"headers": headers}
        try:
            proxy = Address.checked(found if "://" in found else f"http://{found}", f"{scheme.upper()}_PROXY")
        except UsageError as error:
            raise ModelUnavailable(error.problem, where=error.where, hint=error.hint) from error
        told = {"Proxy-Authorization": proxy.login} if proxy.login else {}
        if scheme == "http":  # the request itself is what the proxy reads
            return {"headers": {**headers, **told}, "proxy": proxy.url()}
        return {"headers": headers, "proxy": proxy.url(), "proxy_headers": told}

    def _json(self, text: str, headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            data = read_json(text, nonfinite=True)  # log-probabilities of some servers are -Infinity
        except ValueError as error:
            kind = headers.get("Content-Type", "no content type")
            raise self._transient(f"the reply is not JSON ({kind}): {self._clean(text)[:80]!r}") from error
        if not isinstance(data, dict):
            raise self._transient(f"the reply is no JSON object: {self._clean(text)[:80]!r}")
        return data

    def _refusal(self, status: int, headers: Mapping[str, str], text: str) -> PromptwireError:
        with suppress(ValueError):
            charge(cost(read_json(text, nonfinite=True)))  # an error after the model was asked may be billed
        read = parse(status, headers, self._clean(text))
        words = f"HTTP {status}: {self._clean(read.message)[:_SHOWN]}"
        if read.broke:
            return ModelUnavailable(words, where=self._shown, hint=NO_CREDIT)
        if read.overflow or read.filtered:
            hint = OVERFLOWN if read.overflow else "the endpoint's moderator refuses this content"
            refused = (ContextOverflow if read.overflow else RequestRefused)(words, where=self._shown, hint=hint)
            refused.filtered = not read.overflow
        elif status in _AGAIN:
            return TransientError(words, where=self._shown, retry_after=read.wait, throttled=status in (429, 503, 529))
        elif status in (401, 403):
            hint = "set OPENAI_API_KEY to a key of this address" if not self._key else "check the key"
            return ModelUnavailable(words, where=self._shown, hint=hint)
        elif status == 404:
            return ModelUnavailable(words, where=self._shown, hint=self._absent)
        else:
            refused = RequestRefused(words, where=self._shown)
        refused.endpoint_text = self._clean(read.text)
        return refused

    def _transient(self, problem: str) -> TransientError:
        return TransientError(
            self._clean(problem), where=self._shown, hint="check that the server is up and the address is right"
        )

    def _clean(self, text: str) -> str:
        return self._address.masked(redact(redact(text), [self._key] if self._key else []))

    @property
    def _shown(self) -> str:
        """The address without its secrets."""
        return self._address.identity


async def _body(reply: aiohttp.ClientResponse) -> str:
    """The body of `reply` as text, up to the limit. Raises OSError beyond it."""
    pieces, size = [], 0
    async for piece in reply.content.iter_chunked(1 << 16):
        size += len(piece)
        if size > _LARGEST:
            raise OSError(f"the reply is longer than {_LARGEST >> 20} MB")
        pieces.append(piece)
    return b"".join(pieces).decode("utf-8", "replace")


def _late(data: Mapping[str, Any]) -> int:
    """The status of an error that came under status 200; 0 when there is none."""
    error = data.get("error")
    code = error.get("code") if isinstance(error, dict) and not data.get("choices") else None
    return code if type(code) is int and 400 <= code < 600 else 0
