"""dedupe: drop prompts that were tried before or that break a rule.

OPRO (Yang et al. 2023) scores no instruction twice. It also drops instructions that are too long, hold a digit, or repeat the
placeholder of its meta-prompt. PE2 drops a prompt that equals any earlier one. The code of OPRO's authors omits the initial
instructions from its list of known ones; here all prompts in `log` and `known` count. Small models copy training examples into
their prompts, which `examples` forbids. Dropped prompts are counted by reason.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import Examples, History, Model, Prompt, Prompts
from promptwire.values.copied_text import CopiedText
from promptwire.values.members import others

__all__ = ["Inputs", "Outputs", "Params", "dedupe"]


class Inputs(Model):
    prompts: Prompts
    """The prompts to check."""
    log: History | None = None
    """A history whose prompts are known."""
    known: Prompts | None = None
    """More prompts that are known."""
    examples: Examples | None = None
    """Examples whose text a prompt may not copy: five words in a row, or a whole short input with its output."""


class Params(Model):
    by: Literal["text", "words"] = "text"
    """What makes two prompts equal. `text`: text and demonstrations; `words`: the same without case, blanks and punctuation."""
    max_chars: int | None = Field(default=None, ge=1)
    """Longest text, in characters."""
    max_words: int | None = Field(default=None, ge=1)
    """Longest text, in words."""
    digits: bool = True
    """Whether a text may hold digits."""
    without: tuple[str, ...] = ()
    """Texts that a prompt may not contain, in upper or lower case."""
    keeping: tuple[str, ...] = ()
    """Texts that a prompt has to contain, as they are written. Placeholders of a task are kept without it."""


class Outputs(Model):
    prompts: Prompts
    """The prompts that are new and keep the rules."""
    rest: Prompts
    """The other prompts."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All prompts at most, on either side."""
    some = sizes.of("prompts").perhaps()
    return Bound({"prompts": some, "rest": some})


@node(bound=bound)
async def dedupe(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Keep the prompts that are new and keep the rules."""
    seen = {_key(entry.prompt, params.by) for entry in (inputs.log.entries if inputs.log else ())}
    seen |= {_key(prompt, params.by) for prompt in (inputs.known.items if inputs.known else ())}
    examples = inputs.examples.items if inputs.examples else ()
    copies = CopiedText(examples, (prompt.text for prompt in inputs.prompts.items if examples))
    kept = []
    for prompt in inputs.prompts.items:
        key = _key(prompt, params.by)
        reason = "duplicates" if key in seen else _broken(prompt.text, params)
        if not reason and copies.spans(prompt.text):
            reason = "with copied examples"
        if reason:
            context.count(reason)
            continue
        seen.add(key)
        kept.append(prompt)
    return Outputs(prompts=Prompts(items=tuple(kept)), rest=others(inputs.prompts, kept))


def _key(prompt: Prompt, by: str) -> tuple[str, ...]:
    text = prompt.text if by == "text" else " ".join(re.findall(r"\w+", prompt.text.casefold()))
    return (text, *(demo.id for demo in prompt.demos), *map(str, sorted(prompt.companions.items())))


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
    if not all(wanted in text for wanted in params.keeping):
        return "without a kept text"
    return ""
