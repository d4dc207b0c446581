"""An export and its verification as lines for the terminal, and as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptwire.exporting.result import Export, Verification
    from promptwire.results.report import Score

__all__ = ["export_lines", "export_record", "verification_lines"]


def export_record(made: Export) -> dict[str, Any]:
    """The export as JSON values."""
    unequal = [{"example": one.example.id, "difference": one.sentence} for one in made.requests.unequal]
    facts = {name: getattr(made, name) for name in ("run", "to", "prompt", "target", "files", "told", "verification")}
    return {**facts, "requests": {"n": made.requests.n, "equal": made.requests.equal, "unequal": unequal}}


def export_lines(made: Export) -> list[str]:
    """What was written, what the form can't hold, and how its requests compare with those of the run."""
    lines, requests = [*made.files, *(f"note: {one}" for one in made.told)], made.requests
    if not requests.n:
        return [*lines, "the run kept no held-out examples to compare requests with"]
    if not requests.unequal:
        return [*lines, f"all {requests.n} held-out requests are equal to those of the run, byte for byte"]
    lines.append(f"{len(requests.unequal)} of {requests.n} held-out requests differ from those of the run, such as:")
    return [*lines, f"  {requests.unequal[0].sentence}"]


def verification_lines(found: Verification) -> list[str]:
    """Both scores beside each other, and what differs."""
    heads = (found.metric, "run", "export")
    cells = (f"held-out (n={found.export.n})", _score(found.run), _score(found.export))
    widths = [max(len(head), len(cell)) for head, cell in zip(heads, cells, strict=True)]
    lines = ["  ".join(one.ljust(width) for one, width in zip(row, widths, strict=True)).rstrip() for row in (heads, cells)]
    if found.run.n != found.export.n:
        lines.append(f"the run scored {found.run.n} examples")
    if found.changed:
        example, before, now = found.changed[0]
        count = "1 example has" if len(found.changed) == 1 else f"{len(found.changed)} examples have"
        lines.append(f"{count} another value, such as {example}: {before:g} in the run, {now:g} now")
    if found.left_out:
        one = found.left_out[0]
        lines.append(f"{len(found.left_out)} examples left out, such as {one.text[:40]!r}: {one.why[:200]}")
    if found.other_model:
        lines.append(f"the answers are those of {found.model}, which is another model or address than the run's")
    cost = "cost unknown" if found.usd is None else f"${found.usd:.4f}"
    return [*lines, f"{found.new:,} new calls, {found.cached:,} from cache   {cost}"]


def _score(score: Score) -> str:
    if score.score is None:
        return "not scored"
    return f"{score.score:.3f}" + ("" if score.low is None or score.high is None else f" [{score.low:.2f}, {score.high:.2f}]")
