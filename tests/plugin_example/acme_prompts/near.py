"""The metric `acme:near`."""

from __future__ import annotations

from difflib import SequenceMatcher

from promptwire.authoring import metric


@metric()
def near(answer: str, outputs: tuple[str, ...]) -> float:
    """How alike the answer and the nearest accepted output are, letter by letter."""
    return max(SequenceMatcher(None, answer.lower(), output.lower()).ratio() for output in outputs)
