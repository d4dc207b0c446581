"""Sentences on what several forms can't hold: likelihoods and texts to complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from promptwire.exporting.exported import Exported

__all__ = ["measured", "told_of_chat", "told_of_likelihoods", "told_of_names", "told_of_settings"]

_LIKELIHOODS: Final = ("choice", "logprob")


def measured(exported: Exported) -> str:
    """The held-out score of the exported prompt, as a note in a file."""
    score = exported.score
    return f"{exported.record.metric} {score.score:.4f} on {score.n} held-out examples with {exported.model}"


def told_of_chat(exported: Exported) -> Iterator[str]:
    """What a form that sends messages and reads a reply can't hold, whatever tool it is for."""
    if exported.pattern.mode == "completion":
        yield (
            "the run sent a text to complete; this form sends it as a message of the user, which is another request than the "
            "one that was measured"
        )
    yield from told_of_likelihoods(exported)


def told_of_likelihoods(exported: Exported) -> Iterator[str]:
    """What a form that reads a reply can't hold of a metric that reads likelihoods."""
    reads = {exported.record.metric, exported.record.metric.partition("/")[2]}
    if reads & {*_LIKELIHOODS}:
        yield (
            f"the metric {exported.record.metric} reads likelihoods of answers, and this form asks for a reply: it may be "
            "another answer, or none"
        )


def told_of_names(names: Mapping[str, str]) -> str:
    """The placeholders, the values of `names`, for a form whose user fills them in."""
    return f"fill in {', '.join(names.values())} by replacing the text; other braces belong to the prompt"


def told_of_settings(exported: Exported) -> str:
    """The model and the settings of the run, for a form that has no place for them."""
    settings = "".join(f", {name}={value!r}" for name, value in exported.request_settings.items())
    return f"model and settings of the run are not in it: model={exported.model.removeprefix('openai/')!r}{settings}"
