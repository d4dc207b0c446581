r"""What stands around an answer and is no part of it: Markdown, quotes, fences, tags, LaTeX, and a name before a colon."""

from __future__ import annotations

import re

__all__ = ["final_part"]

_BOX = re.compile(r"\\(?:boxed|fbox)\s?\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_TAG = re.compile(r"<(answer|final|final[_-]?answer|label|choice)>((?:(?!</?\1>).)*)</\1>", re.IGNORECASE | re.DOTALL)
_LONGEST = 20_000


def final_part(text: str) -> str:
    r"""What stands in the last `\boxed{...}` of `text`, or between its last answer tags; empty when there is neither.

    >>> final_part(r"So \boxed{42}. Check: 6 * 7"), final_part("<answer>B</answer>")
    ('42', 'B')
    """
    text = text[-_LONGEST:]
    boxes = _BOX.findall(text) if "boxed" in text or "fbox" in text else []
    if boxes:
        return str(boxes[-1]).strip()
    tags = _TAG.findall(text) if "</" in text else []
    return str(tags[-1][1]).strip() if tags else ""
