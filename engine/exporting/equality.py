"""Compare what an exported form sends with what the run sent, example by example. No call is made."""

from __future__ import annotations

from dataclasses import dataclass

from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Reader, Unsendable
from promptwire.results.request_pattern import Sent
from promptwire.values import Example

__all__ = ["Requests", "Unequal", "compare_requests", "sent_text"]


@dataclass(frozen=True, slots=True)
class Unequal:
    """One example for which the form sends something else."""

    example: Example
    """The example."""
    run: Sent
    """What the run sent."""
    form: Sent | None
    """What the form sends; None when the other tool refuses the example."""
    refusal: str = ""
    """Why it refuses."""

    @property
    def sentence(self) -> str:
        """The first difference in words."""
        if self.form is None:
            return f"{sent_text(self.run)[:40]!r} is not sent: {self.refusal}"
        run, form = sent_text(self.run), sent_text(self.form)
        shortest = min(len(run), len(form))
        place = next((at for at in range(shortest) if run[at] != form[at]), shortest)
        return f"{run[place : place + 40]!r} became {form[place : place + 40]!r} at character {place + 1} of {run[:40]!r}"


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of a form beside those of the run."""

    n: int
    """Number of held-out examples."""
    unequal: tuple[Unequal, ...]
    """Those for which the form sends something else."""

    @property
    def equal(self) -> int:
        """Number of examples for which both are equal, byte for byte."""
        return self.n - len(self.unequal)


def compare_requests(exported: Exported, reader: Reader) -> Requests:
    """Compare for each held-out example what `reader` sends with what the run sent."""
    found = [_beside(example, exported.pattern.sent(example), reader) for example in exported.tests]
    return Requests(len(found), tuple(one for one in found if one.run != one.form))


def _beside(example: Example, run: Sent, reader: Reader) -> Unequal:
    """What `reader` sends for an example beside what the run sent, which may be equal."""
    try:
        return Unequal(example, run, reader(example))
    except Unsendable as error:
        return Unequal(example, run, None, str(error))


def sent_text(sent: Sent) -> str:
    """What is sent as one text, to show it."""
    return sent if isinstance(sent, str) else "\n".join(f"[{message.role}] {message.content}" for message in sent)
