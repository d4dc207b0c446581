"""HTTP client for JSON requests to one address; all failures are promptwire errors.

The only module that imports aiohttp. aiohttp takes 0.2 ms of processor time per request, litellm 3.8 ms, and httpx's pool is
quadratic in its connections. The client never retries: the gateway does, when the error's class is TransientError.
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
"""Longest body that is read, in bytes, so that an endless stream can't fill the memory."""
_TRANSIENT: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_ABSENT: Final = "check the model's name, and that the address ends in /v1"
_SHOWN: Final = 300


class HttpClient:
    """Client of one address. Connections are opened when first needed, and reused."""

    def __init__(
        self, base: str, *, key: str | None = None, timeout: float = TIMEOUT, parallel: int = 64, absent: str = _ABSENT
    ) -> None:
        """`key` is sent as a bearer token; `timeout` in seconds is for a whole request; `absent` is the hint for a 404."""
        self._absent = absent
        self.base = base.rstrip("/")
        self._address = Address(base)
        if key and self._address.login:
            raise UsageError(
                "the address has a password, and there is also a key", where=self._shown, hint="remove one of them"
            )
        self._key = key
        self._timeout = timeout
        self._parallel = parallel
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, str] = {}

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post `body` and return the reply.

        Raises TransientError when a retry may help; else ContextOverflow, ModelUnavailable (wrong key, wrong address) or
        RequestRefused.
        """
        return await self._exchange("POST", path, body)

    async def get(self, path: str) -> dict[str, Any]:
        """Get `path` and return the reply. Raises the same errors as `post`."""
        return await self._exchange("GET", path, None)

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        import aiohttp  # noqa: PLC0415 - 0.2 s, and a run from the cache needs none

        try:
            session, how = self._get_session(aiohttp), self._request_options
            async with session.request(method, self._url(path), json=body, allow_redirects=False, **how) as reply:
                text = await _body(reply)
                status, headers = reply.status, reply.headers
        except TimeoutError as error:
            raise self._transient(f"no answer within {self._timeout:g} seconds") from error
        except aiohttp.InvalidURL as error:
            raise ModelUnavailable("the address is not valid", where=self._shown, hint="write http://HOST:PORT/v1") from error
        except ValueError as error:  # aiohttp's error for an invalid header; it quotes the header, so the cause is not shown
            raise ModelUnavailable(
                "the key can't be sent in a header", where=self._shown, hint="remove line breaks and control characters from it"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._transient(f"the connection failed: {error or type(error).__name__}") from error
        if 300 <= status < 400:
            # Not followed: prompts would go to an address that the user did not give, and a POST would become a GET.
            raise ModelUnavailable(
                f"HTTP {status}: the address has moved to {self._clean(headers.get('Location', 'nowhere'))[:_SHOWN]}",
                where=self._shown,
                hint="give that address if it is right",
            )
        if status >= 400:
            raise self._refusal(status, headers, text)
        data = self._json(text, headers)
        status = _status_in_body(data, text)
        if status:  # routers may send status 200 before an error happens
            raise self._refusal(status, headers, text)
        found: dict[str, Any] = self._address.redact_json(data)
        return found

    def _url(self, path: str) -> str:
        """URL of `path`. Made once: reading the address takes as long as sending a request."""
        if path not in self._urls:
            self._urls[path] = self._address.url(path)
        return self._urls[path]

    def _get_session(self, library: Any) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = library.ClientSession(
                timeout=library.ClientTimeout(total=self._timeout, sock_connect=30),  # `connect` sets a clock for each request
                connector=library.TCPConnector(limit=self._parallel),
                # Cookies would let replies depend on state that is not in the cache key.
                cookie_jar=library.DummyCookieJar(),
                # Otherwise a login of ~/.netrc would be sent. Proxies of the environment are given with each request.
                trust_env=False,
            )
        return self._session

    @cached_property
    def _request_options(self) -> dict[str, Any]:
        """Options of all requests: the login, and the environment's proxy unless the address is this machine.

        The login must not be in the session's headers: aiohttp sends those to the proxy too.
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
        proxy_headers = {"Proxy-Authorization": proxy.login} if proxy.login else {}
        if scheme == "http":  # the proxy reads the request's own headers
            return {"headers": {**headers, **proxy_headers}, "proxy": proxy.url()}
        return {"headers": headers, "proxy": proxy.url(), "proxy_headers": proxy_headers}

    def _json(self, text: str, headers: Mapping[str, str]) -> dict[str, Any]:
        try:
            data = read_json(text, nonfinite=True)  # log-probabilities of some servers are -Infinity
        except ValueError as error:
            kind = headers.get("Content-Type", "no content type")
            raise self._transient(f"the reply is not JSON ({kind}): {self._clean(text)[:80]!r}") from error
        if not isinstance(data, dict):
            raise self._transient(f"the reply is not a JSON object: {self._clean(text)[:80]!r}")
        return data

    def _refusal(self, status: int, headers: Mapping[str, str], text: str) -> PromptwireError:
        with suppress(ValueError):
            charge(cost(read_json(text, nonfinite=True)))  # an error after the model has run may be billed
        read = parse(status, headers, self._clean(text))
        words = f"HTTP {status}: {self._clean(read.message)[:_SHOWN]}"
        if read.no_credit:
            return ModelUnavailable(words, where=self._shown, hint=NO_CREDIT)
        if read.barred:
            hint = "check the key and its account" if self._key else "set OPENAI_API_KEY to a key of this address"
            return ModelUnavailable(words, where=self._shown, hint=hint)
        if read.absent:
            return ModelUnavailable(words, where=self._shown, hint=self._absent)
        if read.overflow or read.filtered:
            hint = OVERFLOWN if read.overflow else "change the prompt: the endpoint's content filter refuses it"
            refused = (ContextOverflow if read.overflow else RequestRefused)(words, where=self._shown, hint=hint)
            refused.filtered = not read.overflow
        elif status in _TRANSIENT:
            return TransientError(words, where=self._shown, retry_after=read.wait, throttled=status in (429, 503, 529))
        elif status == 403:
            hint = "set OPENAI_API_KEY to a key of this address" if not self._key else "check the key"
            return ModelUnavailable(words, where=self._shown, hint=hint)
        else:
            refused = RequestRefused(words, where=self._shown)
        refused.endpoint_text = self._clean(read.text)
        return refused

    def _transient(self, problem: str) -> TransientError:
        return TransientError(
            self._clean(problem), where=self._shown, hint="check that the server runs and the address is right"
        )

    def _clean(self, text: str) -> str:
        return self._address.redact(redact(redact(text), [self._key] if self._key else []))

    @property
    def _shown(self) -> str:
        """Address without its secrets."""
        return self._address.identity


async def _body(reply: aiohttp.ClientResponse) -> str:
    """Read the body of `reply` as text. Raises OSError when it is too long."""
    pieces, size = [], 0
    while piece := await reply.content.readany():
        size += len(piece)
        if size > _LARGEST:
            raise OSError(f"the reply is longer than {_LARGEST >> 20} MB")
        pieces.append(piece)
    return b"".join(pieces).decode("utf-8", "replace")


def _status_in_body(data: Mapping[str, Any], text: str) -> int:
    """Status of an error that was sent with status 200; 0 without one."""
    error = data.get("error")
    if not error or data.get("choices"):
        return 0
    code = str(error.get("code") if isinstance(error, dict) else "")
    if len(code) == 3 and code.isdigit() and "400" <= code < "600":
        return int(code)
    read = parse(400, {}, text)
    return 400 if read.no_credit or read.barred or read.absent or read.overflow or read.filtered else 0
