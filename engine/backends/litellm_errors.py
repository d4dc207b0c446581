"""Error reply of a provider, read from litellm's exception."""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.backends.error_replies import Refusal, parse
from promptwire.security.secrets import redact

__all__ = ["refusal_of"]


def refusal_of(error: BaseException, known: Sequence[str]) -> Refusal:
    """Read the provider's error reply, without the `known` secrets.

    litellm keeps its body and status in the error that it caught, if at all.
    """
    headers: dict[str, str] = dict(getattr(error, "litellm_response_headers", None) or {})
    status, body = getattr(error, "status_code", None), ""
    seen: BaseException | None = error
    while seen is not None and not body:
        reply = getattr(seen, "response", None)
        try:
            body = str(reply.text) if reply is not None else ""
            headers = headers or dict(reply.headers if reply is not None else {})
        except Exception:  # the body of the reply was never read; only the error's text is known
            body = ""
        # litellm turns Anthropic's 529 into 500.
        status = getattr(reply, "status_code", None) or status if body else status
        seen = seen.__cause__ or seen.__context__
    text = str(getattr(error, "message", "") or error)
    told = redact(body if body.lstrip().startswith(("{", "[")) else text, known)
    return parse(status if type(status) is int else 0, headers, told)
