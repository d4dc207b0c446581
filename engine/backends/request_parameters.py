"""Request parameters that a model takes, learned from its refusals.

Models differ: one takes no temperature but 1, one no `stop`, one `max_completion_tokens` instead of `max_tokens`. A refusal
names the parameter and costs nothing, so the request is sent again without it. A change is remembered only when a completion
followed it: a refusal that quotes a prompt about temperatures must not change later requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Any, Final

from promptwire.backend import WITHOUT
from promptwire.backends.error_replies import parse
from promptwire.errors import ContextOverflow, RequestRefused
from promptwire.lazy_pattern import lazy_pattern

__all__ = ["Parameters", "unable"]

Rule = tuple[str, ...]
"""`(drop, NAME)`, `(value, NAME, JSON)`, `(pair, NAME, NAME)`, `(most, NUMBER)`, `(room, NUMBER)`, `(top,)` or `(one,)`."""

_TRIES: Final = 12
"""Most requests for one completion."""
_FEWEST: Final = 5
"""Number of candidate tokens to request when 20 are refused: the most of OpenAI's completions."""
_KEPT: Final = frozenset({"model", "messages", "prompt", "suffix", "echo", "logprobs", "top_logprobs", "stream"})
"""Parameters that are never left out: without them the request would ask for something else."""
_LENGTHS: Final = ("max_tokens", "max_completion_tokens")
_ALIASES: Final = {
    "top_p": ("topP", "top p", "nucleus"),
    "top_k": ("topK",),
    "stop": ("stop_sequences", "stopSequences", "stop sequences?", "stop words?"),
    "max_tokens": ("max_output_tokens", "maxOutputTokens", "max_new_tokens", "num_predict"),
    "n": ("candidate_count", "candidateCount", "multiple candidates", "best_of"),
    "frequency_penalty": ("frequencyPenalty", "penalty", "penalties"),
    "presence_penalty": ("presencePenalty", "penalty", "penalties"),
    "response_format": ("responseMimeType", "response_mime_type", "responseSchema", "json mode", "structured outputs?"),
}
"""Other names of a parameter in the refusals of providers behind a gateway."""
_EITHER: Final = lazy_pattern(r"\bboth\b|together|only one|either|simultan|combin|mutually|same time", re.IGNORECASE)
_VALUE: Final = lazy_pattern(
    r"less than|greater than|at (?:most|least)|between|\brange\b|out of|too (?:large|high|big)|maximum|exceeds?|[<>]|must be\b",
    re.IGNORECASE,
)
"""Wordings about a value: another value may be accepted."""
_MOST: Final = lazy_pattern(
    r"(?:at most|maximum(?: allowed)?(?: value)?(?: is| of)?|less than or equal to|<=|>|up to|\[\d+, ?|\bto"
    r"|max_model_len ?=)\s*`?(\d+)",
    re.IGNORECASE,
)

_UNABLE: Final = {
    "choose": lazy_pattern("logprob"),
    "logprob": lazy_pattern("logprob|echo"),
    "infill": lazy_pattern("suffix"),
}
"""By kind of request: parameters in a refusal without which that kind is impossible."""


def unable(kind: str, said: str) -> bool:
    """Whether a refusal names a parameter without which this kind of request is impossible."""
    return kind in _UNABLE and bool(_UNABLE[kind].search(said.lower()))


class Parameters:
    """Parameters that one model at one address accepts."""

    def __init__(self) -> None:
        self._rules: frozenset[Rule] = frozenset()

    async def adapt(self, body: Mapping[str, Any], send: Callable[[dict[str, Any]], Awaitable[Any]]) -> tuple[Any, str]:
        """Send `body` without refused parameters. Returns the reply and, for a completion's `via`, what was left out.

        Raises RequestRefused when it names no parameter that can be left out.
        """
        rules, seen, guess = set(self._rules), "", frozenset[Rule]()
        plans: Iterator[frozenset[Rule]] = iter(())
        for _ in range(_TRIES):
            sent = _fit(body, rules)
            try:
                reply = await send(sent)
            except RequestRefused as error:
                said = error.endpoint_text or error.problem
                if isinstance(error, ContextOverflow):
                    fewer = _fewer(said, sent)
                    if fewer is None or fewer in rules:
                        raise
                    rules.add(fewer)
                    continue
                alike = re.sub(r"[\w.-]*\d[\w.-]*", "", said)
                if alike == seen:
                    rules -= guess  # the guess was wrong
                else:
                    plans = _plans(said, sent)
                seen = alike
                guess = next((plan for plan in plans if _fit(body, rules | plan) != sent), frozenset())
                if not guess:
                    raise
                rules |= guess
                continue
            if rules:
                self._rules |= {rule for rule in rules if rule[0] != "room"}
            return reply, _left_out(body, sent, shortened=any(rule[0] == "room" for rule in rules))
        raise RequestRefused("each request was refused for another parameter", hint="remove settings: write `null` for each")


def _fit(body: Mapping[str, Any], rules: Collection[Rule]) -> dict[str, Any]:
    """Apply `rules` to `body`."""
    fitted = dict(body)
    if not rules:
        return fitted
    for name in [*_LENGTHS, *fitted]:
        if name not in fitted or not (("drop", name) in rules or ("value", name, _text(fitted[name])) in rules):
            continue
        value = fitted.pop(name)
        if name in _LENGTHS:
            other = _LENGTHS[1 - _LENGTHS.index(name)]
            if ("drop", other) not in rules:
                fitted.setdefault(other, value)
    for rule in rules:
        if rule[0] == "pair" and rule[1] in fitted:
            fitted.pop(rule[2], None)
        for name in _LENGTHS:
            if rule[0] in ("most", "room") and name in fitted:
                fitted[name] = min(fitted[name], int(rule[1]))
            if rule[0] == "one" and fitted.get(name) == 0:
                fitted[name] = 1
        if rule[0] == "top":
            name = "top_logprobs" if "top_logprobs" in fitted else "logprobs"
            fitted[name] = min(fitted.get(name, _FEWEST), _FEWEST)
    return fitted


def _plans(said: str, sent: Mapping[str, Any]) -> Iterator[frozenset[Rule]]:
    """Rules that may resolve a refusal, likeliest first."""
    if _most(sent) > _FEWEST and "logprob" in said.lower():
        yield frozenset({("top",)})
    if sent.get("echo") and sent.get("max_tokens") == 0 and "max_tokens" in said:
        yield frozenset({("one",)})
    if "max_tokens" in sent and "max_completion_tokens" in said:
        yield frozenset({("drop", "max_tokens")})
    named = sorted((position, name) for name in sent if name not in _KEPT and (position := _position(name, said)) is not None)
    names = [name for _, name in named]
    if {"temperature", "top_p"} <= set(names) and _EITHER.search(said):
        yield frozenset({("pair", "temperature", "top_p")})
    for name in names:
        yield frozenset({_rule(name, sent[name], said)})
    yield frozenset(_rule(name, sent[name], said) for name in names)


def _rule(name: str, value: Any, said: str) -> Rule:
    """Rule that drops the parameter, or only this value of it."""
    if not _VALUE.search(said) or re.search(r"only|default", said, re.IGNORECASE):
        return ("drop", name)
    if name in _LENGTHS:
        most = [int(number) for number in _MOST.findall(said) if 0 < int(number) < value] if type(value) is int else []
        return ("most", str(max(most))) if most else ("drop", name)
    return ("drop", name) if name in ("seed", "n") else ("value", name, _text(value))


def _position(name: str, said: str) -> int | None:
    """Position where `said` first names the parameter; None when it does not."""
    words = "|".join([re.escape(name), *_ALIASES.get(name, ())])
    # `\n` in a quoted text is not the parameter `n`.
    found = re.search(rf"(?<![\w\\])(?:{words})(?!\w)", said, re.IGNORECASE)
    return found.start() if found else None


def _fewer(said: str, sent: Mapping[str, Any]) -> Rule | None:
    """Rule for a shorter reply, when only the reply's length exceeds the context."""
    room = parse(400, {}, said).room
    asked = next((sent[name] for name in _LENGTHS if name in sent), None)
    return ("room", str(room)) if room is not None and type(asked) is int and room < asked else None


def _most(sent: Mapping[str, Any]) -> int:
    asked = sent.get("top_logprobs", sent.get("logprobs"))
    return asked if type(asked) is int else 0


def _left_out(body: Mapping[str, Any], sent: Mapping[str, Any], *, shortened: bool) -> str:
    """Description of parameters of `body` that were left out or changed; empty when none was."""
    if sent == body:
        return ""
    lengths = next((sent[name] for name in _LENGTHS if name in sent), None)
    changed = []
    for name, value in sorted(body.items()):
        if name in _KEPT or sent.get(name) == value:
            continue
        if name in _LENGTHS and lengths is not None:
            if lengths != value and value:
                changed.append(f"{name}={value} ({'less, to fit the context' if shortened else f'sent as {lengths}'})")
            continue
        changed.append(name if name in ("seed", "n") else f"{name}={_text(value)}")
    return WITHOUT + "; ".join(changed) if changed else ""


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
