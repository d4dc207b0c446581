"""Requests of a run's steps as the models got them, with the replies as they came and how each was read.

A run writes them to `asked.jsonl`: all requests that write prompts and critiques, and of the requests that score prompts a few
for each prompt and those that could not be read; see `promptwire.running.asked_log`. Of other calls the run folder holds only
the cache key. Their replies are looked up in the cache, and their requests are not known.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from promptwire.cache.maintenance import look_up
from promptwire.errors import CacheError, RunError, UsageError, suggest
from promptwire.results.candidates import Origin
from promptwire.results.lenient import as_dict, as_int, as_list, as_text, as_texts, read_lines
from promptwire.results.steps import StepRun
from promptwire.security.untrusted_numbers import finite
from promptwire.values.rounds import from_one

__all__ = ["ASKED", "Asked", "ReadReply", "origins", "read_asked"]

ASKED: Final = "asked.jsonl"
"""Name of the file in the run folder."""


@dataclass(frozen=True, slots=True)
class ReadReply:
    """One reply and how it was read."""

    key: str
    """Cache key of the call."""
    sample: int
    """Sample number; from 1,000,000 on the reply was requested in place of an unreadable one."""
    text: str | None
    """The whole reply as it came; None when neither the run folder nor the cache holds it."""
    finish: str = ""
    """Finish reason, such as `stop` or `length`; empty when it is not known."""
    answers: tuple[str, ...] | None = None
    """What was read out of it; empty when it was unreadable. None when it is not recorded."""
    readable: bool = True
    """Whether the rule of the template found an answer."""
    value: float | None = None
    """Value of the metric, or the judge's grade; None when it was not scored."""
    weights: tuple[float, ...] = ()
    """Log-probability of each label that the model chose among."""
    new: bool | None = None
    """Whether a model made it in this run, and not the cache; None when it is not known."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with its replies."""

    path: str
    """Path of the step; `report` for the final comparison."""
    round: str = ""
    """Rounds of the loops around the step, such as `2` or `2.1`, counted from 1."""
    element: str = ""
    """Number of the element of the `each` around it, such as `/3`, counted from 1."""
    role: str = ""
    """Role of the model."""
    model: str = ""
    """Name of the model."""
    template: str = ""
    """Name of the template."""
    messages: tuple[tuple[str, str], ...] = ()
    """Role and text of each message; empty for a text to complete, and when the request is not recorded."""
    prompt: str = ""
    """The text to complete; empty for a chat."""
    suffix: str = ""
    """The text after the gap."""
    options: tuple[str, ...] = ()
    """The labels that the model chose among."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Sampling settings."""
    critiques: tuple[str, ...] = ()
    """Critiques that the request shows."""
    pair: tuple[str, str] | None = None
    """Ids of the prompt and the example that were scored; None for a request that writes."""
    replies: tuple[ReadReply, ...] = ()
    """The replies, in the order in which they were read."""
    error: str = ""
    """Error of the request, such as a refusal; empty when it has none."""
    order: int = 0
    """Position among the requests of one run of the step, in the order in which the step made them."""
    line: int = 0
    """Position among all lines of the run's trace."""

    @property
    def recorded(self) -> bool:
        """Whether the request itself is known."""
        return bool(self.messages or self.prompt or self.suffix)


def read_asked(
    folder: Path, *, step: str = "", round: str | None = None, steps: Sequence[StepRun] = (), cache: Path | None = None
) -> tuple[Asked, ...]:
    """Return the requests of `step` in `round`; all that are recorded when no step is named.

    For a named step, calls follow whose requests are not recorded, with the replies that the folder `cache` holds. Their rounds
    follow from the `steps`. Raises RunError when the step made no call, and UsageError for a round 0.
    """
    if round is not None and "0" in round.split("."):
        raise UsageError(f"there is no round {round!r}: rounds are counted from 1", hint="1 is the first round")
    recorded = [_asked(line) for line in read_lines(folder / ASKED) if not step or line.get("path") == step]
    if not step:
        return tuple(recorded)
    new = {}
    bare = []
    known = {reply.key for one in recorded for reply in one.replies}
    paths = set()
    for call in read_lines(folder / "calls.jsonl"):
        paths.add(str(call.get("path")))
        if call.get("path") == step:
            new[str(call.get("key"))] = call.get("new") is True
            if str(call.get("key")) not in known:
                bare.append(call)
    if not recorded and not bare:
        hint = suggest(step, paths | {one.path for one in steps}, noun="steps that called a model" if paths else "steps")
        raise RunError(f"no step {step!r} called a model in this run", where=str(folder), hint=hint)
    found = [_with_source(one, new) for one in recorded]
    found += _bare(bare, [one for one in steps if one.path == step], _cached(cache, bare))
    return tuple(sorted((one for one in found if round is None or one.round == round), key=_place))


def _place(asked: Asked) -> tuple[bool, list[int], list[int], int, int]:
    """Sort key: requests that are recorded first, then by round and element, in the order in which the step made them."""
    round_, element = ([int(one) for one in re.findall(r"[0-9]{1,9}", text)] for text in (asked.round, asked.element))
    return not asked.recorded, round_, element, asked.order, asked.line


def origins(asked: Iterable[Asked]) -> dict[tuple[str, str, str], Origin]:
    """Return what led to each written text, by the path of the step, its round and the text. The first request counts."""
    found: dict[tuple[str, str, str], Origin] = {}
    for one in asked:
        for reply in one.replies if one.pair is None else ():
            for answer in reply.answers or ():
                found.setdefault((one.path, one.round, answer), Origin(one.critiques, reply.key))
    return found


def _cached(cache: Path | None, calls: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if cache is None or not calls:
        return {}
    try:
        return look_up(cache, [str(call.get("key")) for call in calls])
    except CacheError:  # the requests that the folder holds are worth showing without it
        return {}


def _bare(calls: Iterable[Mapping[str, Any]], runs: Sequence[StepRun], cached: Mapping[str, Any]) -> Iterator[Asked]:
    """Calls of which the run folder holds only the key."""
    waiting, running = deque(sorted(runs, key=lambda run: run.first)), list[StepRun]()
    for position, call in sorted(((as_int(call.get("n")), call) for call in calls), key=itemgetter(0)):
        key = str(call.get("key"))
        while waiting and waiting[0].first < position:
            running.append(waiting.popleft())
        running = [one for one in running if one.last is None or position < one.last]
        rounds = {one.round for one in running}
        parts = as_dict(call.get("parts"))
        completion = cached.get(key)
        text, finish = (completion.text, completion.finish) if completion is not None else (None, "")
        reply = ReadReply(key, as_int(call.get("sample")), text, finish, new=call.get("new") is True)
        yield Asked(
            path=str(call.get("path")),
            round=rounds.pop() if len(rounds) == 1 else "",
            model=str(parts.get("identity", "")),
            settings=as_dict(parts.get("settings")),
            replies=(reply,),
            line=position,
        )


def _asked(line: Mapping[str, Any]) -> Asked:
    """One line of asked.jsonl. A field of another type than this version writes is left empty."""
    names = ("path", "role", "model", "template", "prompt", "suffix", "error")
    pair = as_texts(line.get("pair"))
    messages = (one for one in as_list(line.get("messages")) if isinstance(one, list) and len(one) == 2)
    return Asked(
        **{name: as_text(line.get(name)) for name in names},
        **{name: from_one(as_text(line.get(name))) for name in ("round", "element")},
        messages=tuple((str(role), str(content)) for role, content in messages),
        options=as_texts(line.get("options")),
        settings=as_dict(line.get("settings")),
        critiques=as_texts(line.get("critiques")),
        pair=(pair[0], pair[1]) if len(pair) == 2 else None,
        replies=tuple(_reply(one) for one in as_list(line.get("replies")) if isinstance(one, dict)),
        order=as_int(line.get("order")),
        line=as_int(line.get("n")),
    )


def _reply(data: Mapping[str, Any]) -> ReadReply:
    text = data.get("text")
    return ReadReply(
        key=as_text(data.get("key")),
        sample=as_int(data.get("sample")),
        text=text if isinstance(text, str) else None,
        finish=as_text(data.get("finish")),
        answers=as_texts(data["answers"]) if isinstance(data.get("answers"), list) else None,
        readable=data.get("readable") is not False,
        value=finite(data.get("value")),
        weights=tuple(weight for one in as_list(data.get("weights")) if (weight := finite(one)) is not None),
    )


def _with_source(asked: Asked, new: Mapping[str, bool]) -> Asked:
    """`asked` with the source of each reply: the model or the cache."""
    return replace(asked, replies=tuple(replace(reply, new=new.get(reply.key)) for reply in asked.replies))
