"""The codes of `check --json` are a promise to editors: the docs list them all, so that none changes by the way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.docs.doc_pages import ROOT

RAISING = {"Problem", "error", "warn", "report", "_error", "_patch_error", "template_error", "BoundWarning"}
"""What notes a problem, with its code among its first arguments."""


def codes(expression: ast.expr) -> Iterator[str]:
    """The codes that an argument may be: one word, or several joined by dashes."""
    if isinstance(expression, ast.IfExp):
        yield from (*codes(expression.body), *codes(expression.orelse))
    elif isinstance(expression, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)*", str(expression.value)):
        yield str(expression.value)


def in_source() -> Iterator[str]:
    """The codes that the checker can give."""
    for folder in ("engine/documents", "engine/language", "engine/templating", "nodes"):
        for file in (ROOT / folder).glob("*.py"):
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in RAISING:
                    for argument in call.args:
                        yield from codes(argument)


def test_the_docs_list_every_code_that_the_checker_gives_and_no_other() -> None:
    text = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    table = text.partition("| About | Codes |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([^`]+)`", table)) == set(in_source())
