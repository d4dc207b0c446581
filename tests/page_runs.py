"""Run folders for tests of the page: one with everything that a page can show and hostile texts, and one of any size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from promptwire.results.confusion import Confusion
from promptwire.results.report import Calls, Comparison, MetricScores, Report, Score, SearchSummary
from promptwire.values import Critique, Critiques, Example, Examples, Prompt, Prompts, Row, Scores

__all__ = ["HOSTILE", "big_run", "page_run"]

HOSTILE = "</script><script>window.hit=1</script><img src=x onerror='window.hit=2'><!-- \u2028 \ud800 {{ 7 * 7 }} @title@"
"""Text that breaks a page which takes it for markup."""
_TEXT = "Answer with the one label that fits the sentence best and read it twice before you decide which it is"
_WORDS = _TEXT.split()


class _Folder:
    """Writes the lines of a run folder with one counter for all files, as a run does."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.count = 0
        self.files: dict[str, list[str]] = {"values": [], "events": [], "calls": [], "asked": []}

    def line(self, name: str, **facts: Any) -> None:
        self.count += 1
        self.files[name].append(json.dumps({"n": self.count, "t": self.count / 50, **facts}))

    def calls(self, path: str, n: int, *, cached: int = 0) -> None:
        for number in range(n):
            self.line("calls", key=f"{path}-{self.count}", path=path, new=number >= cached, sample=0, parts={})
        facts = {
            "model": "m",
            "answers": n - cached,
            "seconds": 0.1,
            "tokens_in": 40 * n,
            "tokens_out": 5 * n,
            "usd": 0.001 * n,
        }
        self.line("events", event="request", path=path, **facts)

    def value(self, path: str, round: str, **outputs: Any) -> None:
        where = {"path": path, "round": round, "element": ""}
        self.line("events", event="start", **where)
        self.line("events", event="done", **where, seconds=0.5)
        self.line("values", **where, outputs={name: one.model_dump(mode="json") for name, one in outputs.items()})

    def close(self, report: Report | None, **settings: Any) -> Path:
        for name, lines in self.files.items():
            (self.folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        known = {"pipeline": "mine", "task": "labels", "seed": 7, "models": {"task": {"name": "m"}}, **settings}
        (self.folder / "run.json").write_text(json.dumps(known))
        if report is not None:
            (self.folder / "report.json").write_text(report.to_json())
        return self.folder


def _scores(prompts: Sequence[Prompt], examples: Sequence[Example], values: Sequence[Sequence[float]]) -> Scores:
    rows = [
        Row(prompt.id, example.id, f"I say {value:g}", f"{value:g}", value, feedback="" if value else "wrong label")
        for prompt, mine in zip(prompts, values, strict=True)
        for example, value in zip(examples, mine, strict=True)
    ]
    return Scores(metric="exact", prompts=Prompts.of(prompts), examples=Examples.of(examples), rows=tuple(rows))


def _report(best: Prompt, initial: Prompt, pairs: Sequence[tuple[float, float]], **fields: Any) -> Report:
    def mean(values: Sequence[float]) -> Score:
        score = sum(values) / len(values)
        return Score(score=score, low=score - 0.1, high=score + 0.1, n=len(values))

    sides = {"initial": mean([one for one, _ in pairs]), "best": mean([other for _, other in pairs])}
    gain = mean([other - one for one, other in pairs])
    table = Confusion(labels=(HOSTILE, "yes"), initial=((1, 0, 1), (2, 0, 0)), best=((2, 0, 0), (0, 1, 1)))
    watched = MetricScores(metric="macro-f1", **sides, gain=gain, confusion=table)
    test = Comparison(**sides, gain=gain, watched=(watched,))
    search = SearchSummary(calls={"task": 9}, candidates=3, copying=0, copied=(), score=1.0, scored_on=4)
    known: dict[str, Any] = {
        "pipeline": "mine", "task": "labels", "metric": "exact", "models": {"task": "m"}, "seed": 7,
        "prompt": best.text, "demos": best.demos, "initial_prompt": initial.text, "test": test, "train": test, "search": search,
        "calls": Calls(new=20, cached=4, failed=1), "requests": 21, "tokens_in": 800, "tokens_out": 100, "cost_usd": 0.02,
        "seconds": 12.5, "limit": None, "counts": {"search.edits": {"unreadable": 2, "duplicates": 1}}, "notes": (), "run": "",
    }  # fmt: skip
    return Report(**{**known, **fields})


def page_run(folder: Path, *, notes: Sequence[str] = (), report: bool = True) -> Path:
    """A run with a lineage of three, critiques, recorded requests, unreadable replies and hostile texts."""
    run = _Folder(folder)
    examples = [
        Example(input=f"{HOSTILE} {number}" if number == 0 else f"sentence {number}", outputs=("yes", "Yes"))
        for number in range(4)
    ]
    initial = Prompt(text="Answer.")
    middle = Prompt(text="Answer with yes or no.", parents=(initial.id,), made_by="search.edits", round="0")
    demo = Example(input="shown", outputs=("yes",))
    best = Prompt(
        text=f"Answer with yes or no only. {HOSTILE}", demos=(demo,), parents=(middle.id,), made_by="search.edits", round="1"
    )
    run.calls("search.select", 4)
    run.value("search.select", "0", scores=_scores([initial], examples, [[0, 0, 0, 1]]))
    run.value(
        "search.critique", "0", critiques=Critiques(items=(Critique(text=f"It must say yes or no. {HOSTILE}", prompt=initial),))
    )
    for number, prompt in enumerate((middle, best)):
        reply = {"key": f"k{number}", "sample": 0, "text": f"<p>{prompt.text}</p>", "answers": [prompt.text], "readable": True}
        facts = {"path": "search.edits", "round": str(number), "element": "", "role": "meta", "model": "m"}
        run.line(
            "asked",
            **facts,
            messages=[["system", "You edit."], ["user", f"Improve: {HOSTILE}"]],
            critiques=["It must say yes or no."],
            replies=[reply],
        )
        run.calls("search.edits", 1)
        run.value("search.edits", str(number), prompts=Prompts(items=(prompt,)))
        run.calls("search.select", 4, cached=2 * number)
        run.value("search.select", str(number + 1), scores=_scores([prompt], examples, [[1, 0, 1, 1 - number / 2]]))
    unread = {"key": "k9", "sample": 0, "text": f"no tags {HOSTILE}", "answers": [], "readable": False}
    run.line(
        "asked", path="search.edits", round="1", element="", role="meta", model="m", messages=[["user", "x"]], replies=[unread]
    )
    if not report:
        return run.close(None)
    pairs = [(0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    table = _scores([initial, best], examples, [[one for one, _ in pairs], [other for _, other in pairs]])
    sent = {"key": "r", "sample": 0, "text": "yes", "answers": ["yes"], "readable": True, "value": 1.0}
    run.line(
        "asked",
        path="report",
        round="",
        element="",
        role="task",
        model="m",
        messages=[["user", f"{best.text}\n\nsentence 1"]],
        pair=[best.id, examples[1].id],
        replies=[sent],
    )
    run.calls("report", 8)
    for split in ("test", "train"):
        found = [[example.id, *pair] for example, pair in zip(examples, pairs, strict=True)]
        run.line(
            "values", path="report", round="", element=split, outputs={"scores": table.model_dump(mode="json"), "pairs": found}
        )
    run.line("events", event="lost", path="search.edits", model="m", error="down")
    return run.close(_report(best, initial, pairs, notes=tuple(notes)))


def _family(size: int) -> Iterator[Prompt]:
    """Prompts of which each was made from one before; the last one is the best."""
    made: list[Prompt] = []
    for number in range(size):
        words = [_WORDS[(number * 7 + place) % len(_WORDS)] for place in range(18)]
        parent = (made[(number - 1) // 3].id,) if made else ()
        made.append(
            Prompt(
                text=f"{' '.join(words)} ({number}).",
                parents=parent,
                made_by="search.edits" if made else "",
                round=str(number // 100),
            )
        )
        yield made[-1]


def _asked(run: _Folder, prompt: Prompt, round: int, example: Example) -> None:
    """The request that wrote `prompt`, which shows some texts, and one that scored it."""
    facts = {"round": str(round), "element": "", "model": "m"}
    shown = "\n".join(f"{place}. {example.input} {prompt.text}" for place in range(12))
    reply = {"key": f"w{prompt.id}", "sample": 0, "text": f"<START>{prompt.text}<END>", "answers": [prompt.text]}
    run.line(
        "asked",
        path="search.edits",
        role="meta",
        messages=[["user", f"Improve the prompt.\n{shown}"]],
        replies=[reply],
        **facts,
    )
    said = {"key": f"s{prompt.id}", "sample": 0, "text": "yes", "answers": ["yes"], "value": 1.0}
    sent = [["user", f"{prompt.text}\n\n{example.input}"]]
    run.line("asked", path="search.select", role="task", messages=sent, pair=[prompt.id, example.id], replies=[said], **facts)


def big_run(folder: Path, *, candidates: int, rows: int, heldout: int = 500) -> Path:
    """A run with this many candidates, each scored on this many examples, in rounds of 100."""
    run = _Folder(folder)
    examples = [
        Example(input=f"Sentence {number} of the data, which is as long as a short one is.", outputs=("yes",))
        for number in range(max(rows, heldout))
    ]
    family = list(_family(candidates))
    for start in range(0, candidates, 100):
        some = family[start : start + 100]
        run.value("search.edits", str(start // 100), prompts=Prompts(items=tuple(some)))
        run.calls("search.select", rows * len(some))
        for number, prompt in enumerate(some):
            _asked(run, prompt, start // 100, examples[number % len(examples)])
        values = [
            [float((number * 31 + place * 17) % 100 < 30 + 60 * number / candidates) for place in range(rows)]
            for number in range(start, start + len(some))
        ]
        run.value("search.select", str(start // 100), scores=_scores(some, examples[:rows], values))
    pairs = [(float(number % 3 == 0), float(number % 7 != 0)) for number in range(heldout)]
    table = _scores([family[0], family[-1]], examples[:heldout], [[one for one, _ in pairs], [other for _, other in pairs]])
    found = [[example.id, *pair] for example, pair in zip(examples, pairs, strict=False)]
    run.line(
        "values", path="report", round="", element="test", outputs={"scores": table.model_dump(mode="json"), "pairs": found}
    )
    return run.close(_report(family[-1], family[0], pairs))
