"""What the fake model says: a label for an item, or a new prompt in the form that a tool asks for.

Labels are right for 7 texts of 10, by a hash of the whole request, so that the scores of prompts differ and searches have
failures to learn from. Each new prompt is unlike those before it, so that no tool saves calls by dropping equal ones.
"""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any
from zlib import crc32

__all__ = ["LABELS", "item", "label_of", "reply"]

LABELS = ("negative", "positive")
RIGHT = 70
"""Of 100 texts, how many get the right label."""
_ITEM = re.compile(r"Item (\d+):")
_FIELDS = re.compile(r"Respond with the corresponding output fields(.*)", re.DOTALL)
_TAG = re.compile(r"</(instruction|prompt|proposal|observation|summary|description)>")
_numbers = count(1)


def item(number: int) -> str:
    """The text of an example: about as long as a review."""
    return f"Item {number}: " + "the film starts slowly, then takes its time, and in the end says what it came to say. " * 4


def label_of(number: int) -> str:
    """The right label of an item."""
    return LABELS[number % 2]


def reply(body: bytes) -> bytes:
    """The whole reply to a request for completions, as JSON."""
    request = json.loads(body)
    whole = [_text(message["content"]) for message in request["messages"]]
    texts = [_answer(whole[-1], crc32(body)) for _ in range(int(request.get("n") or 1))]
    return json.dumps(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": request.get("model", "m"),
            "choices": [
                {"index": number, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
                for number, text in enumerate(texts)
            ],
            "usage": {"prompt_tokens": 200, "completion_tokens": 2, "total_tokens": 202},
        }
    ).encode()


def _text(content: Any) -> str:
    """The text of a message, which is one string or a list of parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _answer(text: str, draw: int) -> str:
    if "[[ ## " in text and (asked := _FIELDS.search(text)):
        names = dict.fromkeys(re.findall(r"\[\[ ## (\w+) ## \]\]", asked[1]))
        return "".join(f"[[ ## {name} ## ]]\n{_field(name, text, draw)}\n\n" for name in names)
    if tag := _TAG.search(text):
        return f"<{tag[1]}>{_new_prompt()}</{tag[1]}>"
    return f"```\n{_new_prompt()}\n```" if "```" in text else _label(text, draw)


def _field(name: str, text: str, draw: int) -> str:
    if name == "completed":
        return ""
    return _label(text, draw) if name == "label" else "Label:" if "prefix" in name else _new_prompt()


def _label(text: str, draw: int) -> str:
    numbers = _ITEM.findall(text)
    number = int(numbers[-1]) if numbers else 0
    return label_of(number if draw % 100 < RIGHT else number + 1)


def _new_prompt() -> str:
    return (
        f"Variant {next(_numbers)}: read the whole text before you decide, weigh what is praised against what is blamed, "
        "and name the sentiment of the text as positive or negative, in one word and in lower case."
    )
