"""dedupe: drop prompts that were tried before, and those that break a rule.

OPRO (Yang et al. 2023) scores no instruction twice and none that is too long, holds a digit or repeats the placeholder of its
meta-prompt; PE2 drops what equals any earlier prompt. The authors of OPRO forget the initial instructions in their list of seen
ones; here everything in `log` and `known` counts. What is dropped is counted by reason.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import History, Model, Prompt, Prompts

__all__ = ["Inputs", "Outputs", "Params", "dedupe"]


class Inputs(Model):
    prompts: Prompts
    """The prompts to sift."""
    log: History | None = None
    """A history whose prompts are known."""
    known: Prompts | None = None
    """More prompts that are known."""


class Params(Model):
    by: Literal["text", "words"] = "text"
    """`text`: equal texts and demonstrations; `words`: equal but for case, blanks and punctuation."""
    max_chars: int | None = Field(default=None, ge=1)
    """Longest text, in characters."""
    max_words: int | None = Field(default=None, ge=1)
    """Longest text, in words."""
    digits: bool = True
    """Whether a text may hold digits."""
    without: tuple[str, ...] = ()
    """Texts that a prompt may not hold, in any case of letters."""


class Outputs(Model):
    prompts: Prompts
    """What is new and keeps the rules."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """Some of them."""
    return Bound({"prompts": sizes.of("prompts").perhaps()})


@node(bound=bound)
async def dedupe(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Keep the prompts that are new and keep the rules."""
    seen = {_key(entry.prompt, params.by) for entry in (inputs.log.entries if inputs.log else ())}
    seen |= {_key(prompt, params.by) for prompt in (inputs.known.items if inputs.known else ())}
    kept = []
    for prompt in inputs.prompts.items:
        key = _key(prompt, params.by)
        reason = "duplicates" if key in seen else _broken(prompt.text, params)
        if reason:
            context.count(reason)
            continue
        seen.add(key)
        kept.append(prompt)
    return Outputs(prompts=Prompts(items=tuple(kept)))


def _key(prompt: Prompt, by: str) -> tuple[str, ...]:
    text = prompt.text if by == "text" else " ".join(re.findall(r"\w+", prompt.text.casefold()))
    return (text, *(demo.id for demo in prompt.demos))


def _broken(text: str, params: Params) -> str:
    """The rule that `text` breaks; empty when it keeps all."""
    if params.max_chars is not None and len(text) > params.max_chars:
        return "too long"
    if params.max_words is not None and len(text.split()) > params.max_words:
        return "too long"
    if not params.digits and any(letter.isdigit() for letter in text):
        return "with digits"
    if any(word.casefold() in text.casefold() for word in params.without):
        return "with forbidden text"
    return ""
