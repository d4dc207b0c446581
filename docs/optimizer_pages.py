"""Pages of the shipped optimizers: picture, YAML, templates rendered with an example, what is the paper's and what is ours.

A page stands for a section of algorithms.md whose heading names pipelines. `python docs/made_pages.py` writes the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from promptwire.documents import resources
from promptwire.drawing import dot
from promptwire.drawing.graphviz import draw
from promptwire.graph.steps import Graph
from promptwire.language.check import load_graph
from promptwire.tasks.task import load_task
from promptwire.templating.template import load_template
from promptwire.trying.request import Tried, bounds_of, try_step
from promptwire.trying.steps import calling_step, steps_with_requests

HERE = Path(__file__).parent
TASK = "planted"
MOST_LINES = 70
"""Most lines that are shown of a rendered template."""


@dataclass(frozen=True)
class Family:
    """A section of algorithms.md, and the pipelines that it is about."""

    title: str
    names: tuple[str, ...]
    text: str


def optimizer_pages() -> dict[str, str]:
    """The text of each page and picture by its path in docs/."""
    found = families()
    pages = {f"optimizers/{family.names[0]}.md": page(family) for family in found}
    pages |= {f"optimizers/{family.names[0]}.svg": picture(family.names[0]) for family in found}
    return pages | {"optimizers/index.md": index(found)}


def families() -> list[Family]:
    """The sections whose heading names pipelines. A pipeline that none names belongs to the one with the same beginning."""
    text = (HERE / "algorithms.md").read_text(encoding="utf-8")
    shipped = resources.pipelines()
    sections = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        named = [name for name in re.findall(r"`([\w-]+)`", heading) if name in shipped]
        if named:
            sections.append((heading.partition(": `")[0], named, body.strip()))
    heads = [named[0] for _, named, _ in sections]
    said = {name for _, named, _ in sections for name in named}
    for name in shipped:
        owners = [head for head in heads if name.startswith(f"{head}-")]
        if name not in said and owners:
            sections[heads.index(max(owners, key=len))][1].append(name)
    return [Family(title, tuple(named), body) for title, named, body in sections]


def index(found: list[Family]) -> str:
    """The page that lists the optimizers."""
    rows = [
        f"| [{one.title}]({one.names[0]}.md) | {', '.join(f'`{name}`' for name in one.names)} | {_doc(one)} |" for one in found
    ]
    lines = [
        "# Optimizers",
        "",
        "Every shipped optimizer with its picture, its YAML and its templates, rendered with an example. These pages are made",
        "from the files themselves. [Algorithms](../algorithms.md) holds what they have in common.",
        "",
        "| Optimizer | Pipelines | What it does |",
        "|---|---|---|",
        *rows,
        "",
        "```{toctree}",
        ":hidden:",
        "",
        *(one.names[0] for one in found),
        "```",
    ]
    return "\n".join(lines) + "\n"


def page(family: Family) -> str:
    """The page of one family."""
    main, *others = family.names
    graph = load_graph(main)
    text = re.sub(r"\]\((?!https?:|#)", "](../", family.text).replace("](#", "](../algorithms.md#")
    parts = [
        f"# {family.title}",
        graph.doc,
        f"![The graph of {main}]({main}.svg)",
        "## What is the paper's and what is ours",
        text,
    ]
    parts += [f"## `{main}.yaml`", _yaml(main)]
    shown = f"`promptwire try {main} STEP --task {TASK}`"
    about = f"The first requests of its steps on the task `{TASK}`, as {shown} shows them."
    made_up = "Texts between ‹ and › are made up: only a run knows them."
    parts += ["## Templates", f"{about} {made_up}", *_templates(graph)]
    if others:
        parts += ["## Variants"]
        for name in others:
            parts += [f"### `{name}.yaml`", _yaml(name)]
    return "\n\n".join(parts) + "\n"


def picture(name: str) -> str:
    """The picture with a mark of what it was drawn from, by which a test knows whether it is the present one."""
    source = dot.render(load_graph(name))
    svg = draw(source, "svg").decode()
    drawing = svg[svg.index("<svg") :].strip()
    return f"<!-- {mark(source)} -->\n{drawing}\n"


def mark(source: str) -> str:
    """A hash of the Graphviz text of a picture."""
    return sha256(source.encode()).hexdigest()[:16]


def _doc(family: Family) -> str:
    return load_graph(family.names[0]).doc.replace("|", "\\|")


@cache
def _source(name: str) -> str:
    return resources.pipeline_path(name).read_text(encoding="utf-8")


def _yaml(name: str) -> str:
    lines = [line for line in _source(name).splitlines() if not line.startswith("# yaml-language-server")]
    return _fenced("yaml", "\n".join(lines).strip())


def _templates(graph: Graph) -> Iterator[str]:
    """Each template of the steps once, rendered for the first step that uses it."""
    task, bounds, seen = load_task(TASK), bounds_of(graph, load_task(TASK)), set()
    for path in steps_with_requests(graph):
        step = calling_step(graph, path)
        if step.template is None or step.template in seen:
            continue
        seen.add(step.template)
        (tried, *_) = try_step(graph, path, task, bounds_by_path=bounds)
        doc = load_template(Path(step.template), named=step.type.named).front.doc
        yield f"### `{tried.template}`"
        yield f"{doc} {_use(tried)}".replace("<", "\\<")
        yield _fenced("text", _cut("\n".join(f"--- {role}\n{text}" for role, text in tried.parts)))


def _use(tried: Tried) -> str:
    """Where a template is used, and what is read out of its reply."""
    read = f"Read: {tried.awaited}."
    return f"Step `{tried.step}`, {tried.role} model. {read}" if tried.role else f"Step `{tried.step}`, without a model. {read}"


def _cut(text: str) -> str:
    lines = text.splitlines()
    if len(lines) <= MOST_LINES:
        return text
    rest = len(lines) - MOST_LINES
    half = MOST_LINES // 2
    return "\n".join([*lines[:half], f"[... {rest} more lines ...]", *lines[-half:]])


def _fenced(language: str, text: str) -> str:
    """`text` in a fence that is longer than those in it."""
    longest = max((len(found) for found in re.findall(r"^`{3,}", text, re.MULTILINE)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
