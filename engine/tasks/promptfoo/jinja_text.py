"""Texts as source of a template: what Jinja, or the reader of templates, would read is written as a quoted text."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["literal", "quoted"]

_READ: Final = re.compile(r"\{[{%#]|[#%}]\}|\r|^[ \t]*-{2,}", re.MULTILINE)
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(text: str) -> str:
    r"""`text` as it is in a template's source.

    >>> literal("Sort it."), literal("{{x}}\n")
    ('Sort it.', '{{ "{{x}}\\n" }}')
    """
    # A brace at an end could open a tag with what follows.
    if _READ.search(text) or text.endswith("{") or text.startswith("}"):
        return f"{{{{ {quoted(text)} }}}}"
    return text


def quoted(text: str) -> str:
    """`text` as a text of Jinja's, in double quotes."""
    return '"' + "".join(_ESCAPES.get(one, one) for one in text) + '"'
