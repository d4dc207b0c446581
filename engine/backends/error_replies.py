"""Parser of error replies: overflow, content filter, lack of credit, time to wait.

The status alone is not enough: 429 is a rate limit or an empty account, 403 a wrong key or a moderator, 400 a bad
parameter, a content filter or a prompt beyond the context. Bodies come in the OpenAI shape, as lists (Gemini), as FastAPI's
`detail`, as plain text, or as JSON inside a message (gateways). `docs/endpoints.md` lists the known wordings.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from promptwire.backends.retry_waits import requested_wait
from promptwire.lazy_pattern import lazy_pattern

__all__ = ["FILTERED", "OVERFLOW", "Refusal", "parse"]

FILTERED: Final = lazy_pattern(
    r"content.?(?:filter|policy|management|moderation)|responsible.?ai|moderation|\bflagged\b|guardrail|prompt injection"
    r"|usage (?:guidelines|polic)|safety (?:system|reasons|filter|check|polic)|safety_check|prohibited.?content"
    r"|inappropriate content|data.?inspection|content exists risk|\binvalid_prompt\b|sensitive (?:content|words?|information)"
    r"|prompt.?(?:shield|blocked)|(?:considered|deemed) (?:unsafe|high risk)"
    r"|(?:blocked|rejected)\b.{0,60}\b(?:safety|unsafe|hate|harm)"
    r"|\u654f\u611f\u5185\u5bb9",
    re.IGNORECASE,
)
"""Wordings of refusals by a moderator or content filter."""
OVERFLOW: Final = lazy_pattern(
    r"exceed_context_size|context.?(?:length|size|window|limit)|max(?:imum)?.?(?:model|prompt|sequence|input).?len(?:gth)?"
    r"|(?:prompt|input) (?:\([^)]*\) )?is too (?:long|large)|prompt too long|too many (?:input |prompt )?tokens"
    r"|input token count|maximum number of (?:input )?tokens|longer than the (?:maximum )?(?:model|context)"
    r"|model_max_prompt_tokens_exceeded|inputs?`? tokens \+|request.too.large"
    r"|reduce (?:the length of |your )(?:the |your )?(?:input|messages?|prompt)|string.?(?:above|too).?(?:max|long)"
    r"|inputs?`? must have less than \d+ tokens|range of input length|prompt exceeds max length"
    r"|\btoken (?:length|limit)\b.{0,20}\bexceed|exceed\w* (?:the )?(?:model )?token limit|\bnumber of tokens exceed",
    re.IGNORECASE,
)
"""Wordings of refusals of requests longer than the model's context."""
_BROKE: Final = frozenset(
    {
        "insufficient_quota",
        "exceeded_current_quota_error",
        "insufficient_credits",
        "insufficient_balance",
        "billing_hard_limit_reached",
        "billing_not_active",
        "billing_error",
        "credit_balance_too_low",
        "payment_required",
        "account_deactivated",
        "arrearage",
        "budget_exceeded",
    }
)
"""Codes and types that show that the account has no credit."""
_BROKE_WORDS: Final = lazy_pattern(
    r"\binsufficient_quota\b|credit balance is too low|insufficient (?:credits?|balance|funds)|out of credits?|no credits? left"
    r"|used all (?:available|of your) credits|billing hard limit|spending limit|requires more credits"
    r"|account (?:is not active|balance|is in arrears|has been suspended)|n[o']t have any credits"
    r"|credits? (?:is |are )?exhausted|balance (?:has been |is )?exhausted|reached your specified api usage limits"
    r"|budget has been exceeded"
    r"|\u4f59\u989d\u4e0d\u8db3|\u6b20\u8d39",
    re.IGNORECASE,
)
"""Sentences that show the same. "Check your plan and billing details" does not: Gemini sends it for quotas per minute."""
_BARRED: Final = lazy_pattern(
    r"\b(?:api.?key|account|your access|organi[sz]ation|subscription|workspace)\b[^.]{0,40}"
    r"\b(?:not valid|invalid|expired|flagged|leaked|revoked|terminated|suspended|blocked|disabled|banned|deactivated)\b"
    r"|\b(?:invalid|expired|incorrect)[ _]api.?key|api_key_invalid|(?:account|access)_terminated",
    re.IGNORECASE,
)
"""Wordings about a key or account that is refused. Some providers send them under 400, and some mention their policies."""
_GONE: Final = lazy_pattern(
    r"model_(?:not_found|decommissioned|not_available)|not a valid model"
    r"|\bmodel:? ['\"`]?[\w./:-]+['\"`]? (?:does not exist|has been decommissioned|(?:was |is )?not found)",
    re.IGNORECASE,
)
"""Wordings about a model that does not exist."""
_LENGTH_ONLY: Final = lazy_pattern(
    r"(?<!\+ )(?<!\+ `)max_(?:completion_|output_|new_)?tokens`?(?:=\d+)? (?:must|can't|cannot|can not|should|may not) be\b",
    re.IGNORECASE,
)
"""Wordings about the length of the reply alone, which may mention the context."""
_MINUTE: Final = lazy_pattern(r"per.?(?:minute|second)|requests?/min|tokens?/min|\b[rt]pm\b|rate.?limit", re.IGNORECASE)
_LONGEST: Final = 100_000
"""Most characters of an error body that are read."""
_DEEP: Final = 6
_CODES: Final = ("code", "type", "status", "reason", "error_type", "provider_code")
_ROOM: Final = (
    lazy_pattern(r"maximum context length is (?P<all>\d+).*?(?P<read>\d+) (?:input tokens|in the messages|in your prompt)"),
    lazy_pattern(r"exceed context limit: (?P<read>\d+) \+ \d+ > (?P<all>\d+)"),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A parsed error reply."""

    status: int
    message: str
    """Whole message."""
    codes: frozenset[str] = frozenset()
    """Codes and types, in small letters."""
    parameter: str = ""
    """Refused parameter, where the body has a field for it."""
    flagged: bool = False
    """Whether it has moderation results."""
    wait: float | None = None
    """Seconds to wait; None when not stated."""

    @property
    def text(self) -> str:
        """Message and codes in one text."""
        return " ".join([self.message, *sorted(self.codes), self.parameter]).rstrip()

    @property
    def no_credit(self) -> bool:
        """Whether it shows that the account has no credit left."""
        if self.status == 402 or self.codes & _BROKE:
            return True
        return bool(_BROKE_WORDS.search(self.message)) and self.wait is None and not _MINUTE.search(self.message)

    @property
    def filtered(self) -> bool:
        """Whether a moderator or content filter refused this content."""
        if self.status == 500:  # a moderator that failed is no refusal
            return bool(self.codes & {"content_filter", "content_policy_violation"})
        said = self.flagged or bool(FILTERED.search(self.text))
        return self.status == 451 or (self.status in (400, 403, 422, 446) and said and not self.barred)

    @property
    def barred(self) -> bool:
        """Whether the key or the account is refused, whatever the request."""
        return self.status == 401 or (self.status in (400, 403, 412, 422) and bool(_BARRED.search(self.text)))

    @property
    def absent(self) -> bool:
        """Whether there is no such model."""
        return self.status == 404 or (self.status in (400, 422) and bool(_GONE.search(self.text)))

    @property
    def overflow(self) -> bool:
        """Whether the request is longer than the model's context or than the endpoint accepts."""
        if self.status == 429:  # OpenAI's message for one request above the tokens per minute, which never fits
            return self.message.lower().startswith("request too large")
        if self.status == 413:
            return True
        said = self.status in (400, 422, 500) and bool(OVERFLOW.search(self.text))
        return said and (self.room is not None or not _LENGTH_ONLY.search(self.message))

    @property
    def room(self) -> int | None:
        """Longest possible reply in tokens, when the prompt fits and only `max_tokens` is too high; None when not stated."""
        found = next((found for pattern in _ROOM if (found := pattern.search(self.message))), None)
        left = int(found["all"]) - int(found["read"]) if found else 0
        return left if left > 0 else None


def parse(status: int, headers: Mapping[str, str], text: str) -> Refusal:
    """Parse a reply's status, headers and body, or an exception's text."""
    text = text[:_LONGEST]
    data = _data(text)
    parts = list(_parts(data))
    messages = [part["message"] for part in parts if isinstance(part.get("message"), str)]
    codes = {str(part[name]).lower() for part in parts for name in _CODES if isinstance(part.get(name), str | int)}
    flagged = any(part.get("flagged_input") or part.get("moderation") for part in parts)
    message = messages[0] if messages else _plain(data, text)
    wait = requested_wait(status, headers, parts, " ".join(messages) or text)
    parameter = next((part["param"] for part in parts if isinstance(part.get("param"), str)), "")
    return Refusal(status, message, frozenset(codes), parameter, flagged, wait)


def _data(text: str) -> Any:
    """JSON or Python literal in `text`, which may begin with words; None when there is none."""
    start = min((position for mark in "{[" if (position := text.find(mark)) >= 0), default=-1)
    if start < 0:
        return None
    inner = text[start:]
    try:
        return json.JSONDecoder().raw_decode(inner)[0]
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(inner[: inner.rfind("}" if inner[0] == "{" else "]") + 1]) if len(inner) < 20_000 else None
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _parts(data: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Mappings in an error body that may hold a message or code, the innermost message first."""
    if depth > _DEEP:
        return
    if isinstance(data, list):
        for one in data[:20]:
            yield from _parts(one, depth + 1)
    elif isinstance(data, dict):
        metadata = data.get("metadata")
        raw = metadata.get("raw") if isinstance(metadata, dict) else None
        for quoted in (raw, data.get("message")):  # a gateway quotes the provider's reply
            if isinstance(quoted, str) and quoted.lstrip().startswith(("{", "[")):
                yield from _parts(_data(quoted), depth + 1)
        if isinstance(raw, str) and raw.strip():
            yield {"message": raw}
        error = data.get("error")
        if isinstance(error, str):
            yield {"message": error}
        for name in ("error", "detail", "details", "errors", "metadata", "innererror"):
            if name in data and name in ("error", "errors"):
                yield from _parts(data[name], depth + 1)
        detail = data.get("detail")
        if isinstance(detail, list):
            yield {"message": "; ".join(_located(one) for one in detail[:20])}
        elif isinstance(detail, str):
            yield {"message": detail}
        yield data
        for name in ("details", "metadata", "innererror"):
            yield from _parts(data.get(name), depth + 1)


def _located(one: Any) -> str:
    """One of FastAPI's validation errors, with its field."""
    if not isinstance(one, dict):
        return str(one)
    location = one.get("loc")
    field = ".".join(str(step) for step in location if step != "body") if isinstance(location, list) else ""
    return f"{field}: {one.get('msg', '')}" if field else str(one.get("msg", one))


def _plain(data: Any, text: str) -> str:
    if isinstance(data, dict):
        error = data.get("error", data)
        return error if isinstance(error, str) else json.dumps(error, ensure_ascii=False, default=str)
    return text.strip() or "(empty)"
