r"""Scripted model as data: a list of rules, of which the first match replies.

    - when: "plural form.*Input: (\w+)"     # a regular expression over the request's text; without it, the rule always matches
      expand: "\1s"                         # a reply with the groups of `when`
    - kind: choose                          # generate, infill, choose or logprob
      choose: sports                        # the label that gets 0.9 of the weight
    - when: "rate limited"
      fail: throttled                       # throttled, down, refused or overflow
    - reply: [yes, no]                      # one of these for each sample; or a single text

A rule runs no code, so an untrusted script can only reply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from promptwire.backend import Request
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.errors import ContextOverflow, ModelError, RequestRefused, TransientError, UsageError, suggest
from promptwire.security.safe_regex import compile_pattern, search
from promptwire.values.hashing import digest

__all__ = ["echo", "scripted"]

_KINDS: Final = ("generate", "infill", "choose", "logprob")
_ANSWERS: Final = ("reply", "expand", "choose", "fail")
_MARK: Final = re.compile(r"\\(?:([0-9]{1,2})|g<(\w{1,64})>|(.?))", re.DOTALL)
_ESCAPES: Final = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}
_GROUPS: Final = "\\1 is the first group, \\g<name> a named one, \\\\ a backslash"
_LONGEST: Final = 4_000_000
"""Longest reply with inserted groups."""
_FAILURES: Final = ("throttled", "down", "refused", "overflow")


@dataclass(frozen=True, slots=True)
class _Rule:
    when: str
    kind: str
    answer: str
    """Kind of its reply: one of `_ANSWERS`."""
    texts: tuple[str, ...]

    def reply(self, request: Request, key: str) -> str | None:
        """Reply to `request`; None when the rule does not match."""
        groups = search(self.when, request_text(request), re.DOTALL) if self.kind in ("", request.kind) else None
        if groups is None:
            return None
        text = self.texts[int(digest(key, 8), 16) % len(self.texts)]
        if self.answer == "fail":
            raise _failure(text)
        if self.answer != "expand":
            return text
        return _expanded(text, groups, self.when)


def scripted(data: Any, *, name: str) -> ScriptedBackend:
    """Make the backend of the rules in `data`: a list of them, or a mapping with `rules` and `latency`.

    Raises UsageError for an invalid rule.
    """
    latency = 0.0
    rows = data
    if isinstance(data, Mapping):
        unknown = sorted(map(str, data.keys() - {"rules", "latency"}))
        if unknown:
            raise _wrong(name, f"unknown key {unknown[0]!r}", suggest(unknown[0], ["rules", "latency"], noun="keys"))
        rows, latency = data.get("rules"), data.get("latency", 0.0)
        if type(latency) not in (int, float) or not 0 <= latency < 3600:
            raise _wrong(name, "`latency` must be a number of seconds")
    if not isinstance(rows, list) or not rows:
        raise _wrong(name, "a script must be a list of rules, each with one of: " + ", ".join(_ANSWERS))
    rules = [_rule(row, f"{name}, rule {number}") for number, row in enumerate(rows, 1)]

    def reply(request: Request, key: str) -> str:
        for rule in rules:
            text = rule.reply(request, key)
            if text is not None:
                return text
        shown = request_text(request)[:200]
        raise ModelError(f"no rule of {name} matches: {shown!r}", hint="end the script with a rule without `when`")

    return ScriptedBackend(reply, latency=float(latency), name=name, identity=f"scripted {digest(rows)}")


def echo() -> ScriptedBackend:
    """Make the backend that repeats the last message."""
    return ScriptedBackend(
        lambda request, key: request.messages[-1].content if request.messages else request.prompt, name="scripted:echo"
    )


def _rule(row: Any, where: str) -> _Rule:
    if not isinstance(row, Mapping):
        raise _wrong(where, "a rule must be a mapping")
    unknown = sorted(map(str, row.keys() - {"when", "kind", *_ANSWERS}))
    if unknown:
        raise _wrong(where, f"unknown key {unknown[0]!r}", suggest(unknown[0], ["when", "kind", *_ANSWERS], noun="keys"))
    given = [answer for answer in _ANSWERS if answer in row]
    if len(given) != 1:
        raise _wrong(where, f"a rule must have one of {', '.join(_ANSWERS)}; this one has {', '.join(given) or 'none'}")
    kind = row.get("kind", "")
    if kind not in ("", *_KINDS):
        raise _wrong(where, f"unknown kind {kind!r}", suggest(str(kind), _KINDS, noun="kinds"))
    texts = row[given[0]]
    texts = tuple(texts) if isinstance(texts, list) and given[0] == "reply" else (texts,)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise _wrong(where, f"`{given[0]}` must be a text", "put it in quotes")
    if given[0] == "fail" and texts[0] not in _FAILURES:
        raise _wrong(where, f"unknown failure {texts[0]!r}", suggest(texts[0], _FAILURES, noun="failures"))
    when = row.get("when", "")
    try:
        if not isinstance(when, str):
            raise TypeError("not a text")
        compile_pattern(when, re.DOTALL)
    except (TypeError, ValueError) as error:
        raise _wrong(where, f"`when` is not a regular expression: {error}") from error
    return _Rule(when, kind, given[0], texts)


def _expanded(text: str, groups: Sequence[str | None], when: str) -> str:
    """`text` with the groups of `when` in place of `\\1`, `\\g<1>` or `\\g<name>`. Raises UsageError for a missing group."""
    names = compile_pattern(when, re.DOTALL).groupindex
    size = 0

    def put(mark: re.Match[str]) -> str:
        nonlocal size
        name = mark[1] or mark[2] or ""
        number = int(name) if name.isdecimal() else names.get(name, len(groups)) if name else -1
        if number >= len(groups):
            raise UsageError(f"`expand: {text[:80]}` does not match its `when`, which has no group {name!r}", hint=_GROUPS)
        if number < 0 and mark[3] not in _ESCAPES:
            raise UsageError(f"`expand: {text[:80]}` is not valid: unknown escape \\{mark[3]}", hint=_GROUPS)
        found = (groups[number] or "") if number >= 0 else _ESCAPES[mark[3]]
        size += len(found)
        if size > _LONGEST:
            raise ModelError(f"`expand: {text[:80]}` makes a reply of more than {_LONGEST:,} characters")
        return found

    return _MARK.sub(put, text)


def _failure(kind: str) -> ModelError:
    if kind == "refused":
        return RequestRefused("the script refuses this request")
    if kind == "overflow":
        return ContextOverflow("the script fails this request as too long")
    return TransientError("the script fails this request as busy", throttled=kind == "throttled")


def _wrong(where: str, problem: str, hint: str = "") -> UsageError:
    return UsageError(problem, where=where, hint=hint)
