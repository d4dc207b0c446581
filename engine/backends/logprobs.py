"""Log-probabilities of labels and of a given answer, read from replies in the OpenAI format.

A missing log-probability must never count as an unlikely answer. Missing or doubtful values raise Unsupported with the reason.
A reply that lists other tokens than the labels may be due to one prompt, and raises Unlisted. Both formats of log-probabilities
are read for all requests, because servers mix them up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, Final

from promptwire.backend import Completion
from promptwire.errors import Unlisted, Unsupported
from promptwire.security.untrusted_numbers import log_probability

__all__ = ["echoed_logprobs", "label_weights", "with_label_weights"]

_HINT: Final = "score with a metric that reads the reply (such as exact match), or use a model that gives log-probabilities"

_BELOW: Final = math.log(2)
"""Log of the factor by which an unlisted label is taken to be less likely than the last candidate."""


def label_weights(choice: Mapping[str, Any], labels: Sequence[str]) -> tuple[float, ...]:
    """Log-probability of each label among the labels, from the candidates for the first token of a reply.

    A label's weight is that of the candidates that spell it, ignoring case and spaces; otherwise of the longest candidate that
    begins it. An unlisted label is less likely than all listed ones, so the listed ones can still be compared.

    Raises Unsupported when the reply has no candidates; Unlisted when a label is not listed, or begins like another one.
    """
    candidates = _candidates(choice)
    found = [_weight(label, labels, candidates) for label in labels]
    known = [weight for weight in found if weight is not None]
    if len(known) == len(labels):
        return _normalized(known)
    absent = [label for label, weight in zip(labels, found, strict=True) if weight is None]
    problem = f"the label {absent[0]!r} is not among the {len(candidates)} likeliest tokens of the reply"
    # A candidate of one letter that begins an absent label may stand for it, so its weight is unknown.
    begun = any(label.strip().casefold().startswith(token) for label in absent for token, _ in candidates)
    floor = min(weight for _, weight in candidates) - _BELOW
    weights = _normalized([floor if weight is None else weight for weight in found]) if known and not begun else ()
    raise Unlisted(problem, hint=_HINT, weights=weights)


def with_label_weights(answer: Completion, choice: Mapping[str, Any], labels: Sequence[str]) -> Completion:
    """`answer` with the weights of the labels. When none is known, its text has the reason; the completion was paid for.

    Raises Unsupported when the reply has no candidates.
    """
    try:
        return replace(answer, text="", weights=label_weights(choice, labels))
    except Unlisted as error:
        return replace(answer, text="" if error.weights else error.problem, weights=error.weights, via="labels not listed")


def _normalized(weights: Sequence[float]) -> tuple[float, ...]:
    """Normalize log-probabilities to a total probability of 1."""
    total = _sum(weights)
    return tuple(weight - total for weight in weights)


def _weight(label: str, labels: Sequence[str], candidates: Sequence[tuple[str, float]]) -> float | None:
    """Log-probability of one label; None when it is not listed. Raises Unlisted when it begins like another one."""
    wanted = label.strip().casefold()
    spelled = [weight for token, weight in candidates if token == wanted]
    if spelled:
        return _sum(spelled)
    begun = [(token, weight) for token, weight in candidates if len(token) > 1 and wanted.startswith(token)]
    if not begun:
        return None
    longest = max((token for token, _ in begun), key=len)
    if sum(other.strip().casefold().startswith(longest) for other in labels) > 1:
        raise Unlisted(f"the label {label!r} begins with the same token as another one ({longest!r})", hint=_HINT)
    return _sum([weight for token, weight in begun if token == longest])


def _candidates(choice: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Likeliest first tokens, in small letters and without spaces."""
    given = choice.get("logprobs")
    found: Any = None
    if isinstance(given, dict):
        steps = given.get("content") or given.get("top_logprobs")
        found = steps[0] if isinstance(steps, list) and steps else None
        if isinstance(found, dict) and "top_logprobs" in found:
            found = found["top_logprobs"]
    if isinstance(found, dict):
        found = [{"token": token, "logprob": weight} for token, weight in found.items()]
    pairs = [(one.get("token"), one.get("logprob")) for one in found or () if isinstance(one, dict)]
    sound = [
        (token.strip().casefold(), float(weight))
        for token, weight in pairs
        if isinstance(token, str) and isinstance(weight, (int, float)) and _number(weight)
    ]
    if not sound:
        raise Unsupported("the model returned no log-probabilities", hint=_HINT)
    return [(token, weight) for token, weight in sound if token]


def echoed_logprobs(choice: Mapping[str, Any], prompt: str, answer: str) -> tuple[float, ...]:
    """Log-probability of each token of `answer`, from a reply to a request to echo `prompt + answer`.

    Raises Unsupported unless the echoed tokens spell exactly that text: several servers ignore `echo` silently.
    """
    given = choice.get("logprobs")
    tokens, weights = (given.get("tokens"), given.get("token_logprobs")) if isinstance(given, dict) else (None, None)
    whole = prompt + answer
    if not isinstance(tokens, list) or not isinstance(weights, list) or len(tokens) != len(weights):
        raise Unsupported("the model does not return the log-probability of a given answer", hint=_HINT)
    texts = [str(token) for token in tokens]
    ends = list(accumulate(map(len, texts)))
    # The list may begin with a token such as <s> that is not in the text, and end with one generated token.
    shift = "".join(texts).find(whole)
    if not texts or not 0 <= shift <= len(texts[0]):
        raise Unsupported("the model ignores `echo`, or spells the answer otherwise", hint=_HINT)
    first, last = shift + len(prompt), shift + len(whole)
    # A token across the boundary belongs to the answer: its probability covers the answer's beginning.
    found = [weight for text, end, weight in zip(texts, ends, weights, strict=True) if end > first and end - len(text) < last]
    if not found or not all(map(_number, found)):
        raise Unsupported("the model left out log-probabilities of the answer", hint=_HINT)
    return tuple(map(float, found))


def _sum(weights: Sequence[float]) -> float:
    """Log of the sum of probabilities, also when they are too small for a float."""
    top = max(weights)
    return top + math.log(math.fsum(math.exp(weight - top) for weight in weights))


def _number(value: Any) -> bool:
    return log_probability(value) is not None
