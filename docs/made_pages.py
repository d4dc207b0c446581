"""Pages of the documentation that are made from code: nodes, commands, and what templates can read.

They come from the source of `promptwire nodes NAME` and from the command line itself, so that they say what is true. They are
committed, so that they can be read in the folder; `make pages` writes them, and a test holds them.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import typer

from promptwire.cli.app import app
from promptwire.reference.field_docs import add_field_docs
from promptwire.reference.node_page import TEMPLATE_FUNCTIONS, TEMPLATE_VALUES, NodeFacts, node_facts, template_fields
from promptwire.registry.node_types import Registry

HERE = Path(__file__).parent

HEADS = {
    "inputs": ("Port", "Type", "What it is"),
    "params": ("Param", "Type and default", "What it does"),
    "outputs": ("Port", "Type", "What it is"),
    "template variables": ("Variable", "Type", "What it is"),
    "fields of these values": ("Value", "", "Fields, see [what a template can read](../values.md)"),
    "engine keys": ("Key", "Value", "What it does"),
}


def built_in() -> list[str]:
    """The node types that come with promptwire, whatever else is installed here."""
    return [name for name in Registry() if ":" not in name]


def node_list() -> str:
    """The page that lists the nodes."""
    types = Registry()
    rows = [
        [f"[`{name}`]({name}.md)", ports(types[name].inputs), ports(types[name].outputs), types[name].doc]
        for name in built_in()
    ]
    return (
        "# Nodes\n\nWhat a pipeline can be made of. These pages are made from the nodes' own code, like "
        "`promptwire nodes NAME` in a terminal. Nodes of your own: [Nodes and metrics of your own](../plugins.md).\n\n"
        + table(("Node", "Takes", "Gives", "What it does"), rows)
        + "\n\n```{toctree}\n:hidden:\n\n"
        + "\n".join(built_in())
        + "\n```\n"
    )


def ports(schema: Any) -> str:
    """The names of a schema's ports."""
    return ", ".join(f"`{name.rstrip('_')}`" for name in schema.model_fields)


def node_text(facts: NodeFacts) -> str:
    """The page of one node."""
    parts = [f"# {facts.name}\n\n{facts.about[:1].upper()}{facts.about[1:]}"]
    for title, rows in facts.sections.items():
        cells = [[f"`{name}`", kind.replace("|", "\\|"), " ".join(doc.split()).replace("|", "\\|")] for name, kind, doc in rows]
        parts.append(f"## {title.capitalize()}\n\n{table(HEADS[title], cells)}")
    parts.append(f"## Example\n\n{facts.source[:1].upper()}{facts.source[1:]}:\n\n```yaml\n{facts.example}\n```")
    return "\n\n".join(parts) + "\n"


def value_page() -> str:
    """The page of what stands behind a variable of a template."""
    parts = [
        "# What a template can read\n\nA template reads the variables of its [node](nodes/index.md) and those of `with:`. "
        "Behind each stands one of these, or a list of them: Prompts, Examples and Critiques are lists of what they hold, "
        "Failures a list of FailureGroups, a History a list of Entries. Scores have their answers in `groups`, a FailureGroup "
        "for each prompt, and in `by_example`, an ExampleAnswers for each example. A Prompt, an Example and a Critique in "
        "`{{ ... }}` are their text."
    ]
    add_field_docs(*TEMPLATE_VALUES)
    for kind in TEMPLATE_VALUES:
        rows = [[f"`{name}`", about.replace("|", "\\|")] for name, about in template_fields(kind).items()]
        parts.append(f"## {kind.__name__}\n\n{inspect.getdoc(kind)}\n\n{table(('Field', 'What it is'), rows)}")
    calls = [[f"`{name}`", about] for name, about in TEMPLATE_FUNCTIONS.items()]
    parts.append(
        "## Functions\n\nEvery template of a step can call these. The same seed draws the same; a template that scores prompts "
        f"draws nothing.\n\n{table(('Function', 'What it gives'), calls)}"
    )
    return "\n\n".join(parts) + "\n"


def command_page() -> str:
    """The page of all commands with their options."""
    parts = [
        "# Commands\n\nEvery command of `promptwire`, made from the command line itself; `promptwire COMMAND --help` says "
        "the same. Errors end with an exit code of their kind: 2 a mistake in a file or flag, 3 data, 4 model, 5 a reply "
        "or node, 6 a budget, 7 cache or run folder, 8 a cluster, 130 stopped."
    ]
    group: Any = typer.main.get_command(app)
    for name, command in commands(group, "promptwire"):
        usage = " ".join([name, *(metavar(part) for part in command.params if part.param_type_name == "argument"), "[OPTIONS]"])
        rows = [
            [f"`{metavar(part) if part.param_type_name == 'argument' else flags(part)}`", (part.help or "").replace("|", "\\|")]
            for part in command.params
            if part.name != "help"
        ]
        body = table(("Argument or option", "What it is"), rows) if rows else ""
        parts.append(f"## {name}\n\n{command.help}\n\n```text\n{usage}\n```\n\n{body}")
    return "\n\n".join(parts) + "\n"


def commands(group: Any, above: str) -> list[tuple[str, Any]]:
    """Every command with its whole name; those of groups too."""
    found = []
    for name, command in group.commands.items():
        whole = f"{above} {name}"
        found += commands(command, whole) if hasattr(command, "commands") else [(whole, command)]
    return sorted(found)


def metavar(part: Any) -> str:
    """How an argument is written."""
    word = part.metavar or part.name.upper()
    word = word if part.required or word.startswith("[") else f"[{word}]"
    return f"{word}..." if part.nargs == -1 else word


def flags(part: Any) -> str:
    """How an option is written."""
    value = "" if part.is_flag else f" {part.metavar or part.name.upper()}"
    return ", ".join(part.opts) + value


def table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def made_pages() -> dict[str, str]:
    """The text of each page by its path in this folder."""
    pages = {"nodes/index.md": node_list(), "commands.md": command_page(), "values.md": value_page()}
    return pages | {f"nodes/{name}.md": node_text(node_facts(name)) for name in built_in()}


def write(pages: dict[str, str], folders: tuple[str, ...]) -> None:
    """Write the pages that differ, and remove others from the `folders` that hold only made pages."""
    for folder in folders:
        for old in (HERE / folder).glob("*"):
            if f"{folder}/{old.name}" not in pages:
                old.unlink()
    for path, text in pages.items():
        file = HERE / path
        file.parent.mkdir(exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    from optimizer_pages import optimizer_pages

    write(made_pages(), ("nodes",))
    write(optimizer_pages(), ("optimizers",))
