"""Lineage of a run as a networkx graph: an edge leads from a prompt to each prompt that was made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from promptwire.graph.networks import networkx
from promptwire.results.run import Run

if TYPE_CHECKING:
    Lineage = networkx.DiGraph[str]

__all__ = ["lineage_dot", "lineage_text", "make_lineage"]

_SHOWN = 60
"""Characters of a prompt in a drawing."""
_LEAST: Final = 20
"""Characters of a prompt that a narrow terminal shows at least."""
_DEEPEST = 30
"""Generations that are indented further than the one before."""


def make_lineage(run: Run) -> Lineage:
    """The prompts of `run` by id, with text, step, round and score; a prompt without a score has none of that attribute."""
    network: Lineage = networkx.DiGraph(name=run.name)
    best = run.best.id if run.best is not None else ""
    for one in run.candidates:
        facts: dict[str, Any] = {
            "text": one.text,
            "made_by": one.prompt.made_by,
            "round": one.prompt.round,
            "best": one.id == best,
        }
        network.add_node(one.id, **facts, **({} if one.score is None else {"score": one.score}))
    for one in run.candidates:
        network.add_edges_from((parent, one.id) for parent in one.parents if parent in network and parent != one.id)
    return network


def lineage_text(network: Lineage, width: int | None = None) -> str:
    """One line for each prompt below its first parent: score, id, step and text, which is shortened to fit in `width`."""
    lines: list[str] = []
    seen: set[str] = set()
    waiting = [(prompt, 0) for prompt in reversed([*(one for one in network if not network.in_degree(one)), *network])]
    while waiting:
        prompt, depth = waiting.pop()
        if prompt in seen:
            continue
        seen.add(prompt)
        lines.append(_line(prompt, network.nodes[prompt], min(depth, _DEEPEST), width))
        waiting += [(child, depth + 1) for child in reversed([*network.successors(prompt)])]
    return "\n".join(lines) + "\n"


def _line(prompt: str, facts: dict[str, Any], depth: int, width: int | None) -> str:
    best = "  best" if facts["best"] else ""
    score = f"{facts['score']:.3f}" if "score" in facts else "  -  "
    before = f"{score}  {'  ' * depth}{prompt}  {_where(facts)}{best}  "
    room = _SHOWN if width is None else min(_SHOWN, max(_LEAST, width - len(before) - 1))
    return f"{before}{_short(facts['text'], room)}"


def _where(facts: dict[str, Any]) -> str:
    return " ".join(filter(None, (facts["made_by"], facts["round"]))) or "initial"


def lineage_dot(network: Lineage) -> str:
    """The lineage in the language of Graphviz. The best prompt is green."""
    lines = [
        "digraph {",
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica,Arial,sans-serif", fontsize=10];',
    ]
    ids = {prompt: f"n{number}" for number, prompt in enumerate(network)}
    for prompt, facts in network.nodes.items():
        score = f"{facts['score']:.3f}" if "score" in facts else "not scored"
        label = "\n".join((_short(facts["text"]), f"{score} · {_where(facts)}"))
        fill = ', fillcolor="#e4f5e8"' if facts["best"] else ""
        lines.append(f"  {ids[prompt]} [label={_quoted(label)}{fill}];")
    lines += [f"  {ids[parent]} -> {ids[child]};" for parent, child in network.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _short(text: str, most: int = _SHOWN) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}…"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
