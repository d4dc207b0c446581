"""Meta-prompt templates: sandboxed Jinja2, split into messages before rendering.

A template is text with an optional front matter. The front matter says how the model is asked and how its reply is read:

    ---
    mode: completion
    settings: {temperature: 0.9, stop: ["\\n"]}
    parse: {line: first, fallback: drop}
    ---
    Original: {{ prompt }}
    Variation:

A line `--- user ---` (or `system`, `assistant`) starts a message of a chat; without one, the whole text is one user message.
`--- gap ---` separates the text before an infill from the text after it. The source is split at these lines first, and each
part is rendered alone. So no text of a model or a data file can add a role or run as a template. A template reads only the
fields of values (see `promptwire.templating.sandbox`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from promptwire.errors import PipelineError, Problem
from promptwire.lazy_pattern import lazy_pattern
from promptwire.security.access_log import log_access
from promptwire.templating.conversation import spliced
from promptwire.templating.front_matter import MAX_BYTES, FrontMatter, place_of, split_front, template_error
from promptwire.templating.functions import Drawing, template_functions
from promptwire.templating.marks import TURNS, cut, misplaced, nearly_marks
from promptwire.templating.parsing import Parse
from promptwire.templating.sandbox import BadSyntax, Compiled, compiled, nearest, pieces_of, variables_of
from promptwire.values import Critiques, Examples, Failures, Families, History, Message, Prompts
from promptwire.values.members import members_of

__all__ = ["Rendered", "Template", "load_template", "read_template"]

MAX_RENDERED = 4_000_000
"""Longest rendered text in characters: beyond any model's context, and a limit for endless loops."""

_OUTPUT = lazy_pattern(r"\bexample\.outputs?\b")
_ASKS_FOR_OUTPUTS = lazy_pattern(r"\bif [\w.\[\]]*example\.outputs?\b")


class Rendered(NamedTuple):
    """A rendered template: a chat, or a prompt (with a suffix when it has a gap)."""

    messages: tuple[Message, ...]
    prompt: str
    suffix: str | None


@dataclass(frozen=True, slots=True)
class _Part:
    """One message or side of a gap: its mark, source and first line."""

    mark: str
    source: str
    line: int
    compiled: Compiled


@dataclass(frozen=True)
class Template:
    """A template that has been read and compiled."""

    path: str
    """File that it came from."""
    front: FrontMatter
    """Its front matter."""
    parts: tuple[_Part, ...]
    variables: frozenset[str]
    """Names that it reads and does not define."""
    rule: Mapping[str, Any] | None = None
    """The rule of a step to read replies, which takes the place of the template's own; None without one."""

    @property
    def name(self) -> str:
        """Its last two path parts, such as `ape/forward.j2`."""
        return "/".join(Path(self.path).parts[-2:])

    @property
    def takes_turns(self) -> bool:
        """Whether it has a place for the messages of a conversation."""
        return any(part.mark == TURNS for part in self.parts)

    @property
    def needs_outputs(self) -> bool:
        """Whether it shows accepted outputs of examples, and no `if` asks whether there are any."""
        text = "".join(part.source for part in self.parts)
        return bool(_OUTPUT.search(text)) and not _ASKS_FOR_OUTPUTS.search(text)

    def render(self, values: Mapping[str, Any], drawing: Drawing | None = None) -> Rendered:
        """Render the template with `values`. Raises PipelineError when a value is missing or a limit is exceeded.

        `drawing` makes the generator for random draws; without it, a draw is an error.
        """
        return self.rendered(self.texts(values, drawing))

    def rendered(self, texts: Sequence[tuple[str, str]], turns: Sequence[Message] = ()) -> Rendered:
        """The messages or the text to complete that the rendered `texts` of the parts make; `turns` are a conversation."""
        if self.front.mode == "chat":
            if self.takes_turns:
                return Rendered(spliced(texts, turns), "", None)
            messages = tuple([Message(role=mark or "user", content=text) for mark, text in texts])  # type: ignore[arg-type]
            return Rendered(messages, "", None)
        before = texts[0][1]
        return Rendered((), before, texts[1][1] if len(texts) > 1 else None)

    def texts(self, values: Mapping[str, Any], drawing: Drawing | None = None) -> list[tuple[str, str]]:
        """Render each part with `values`; return mark and text of each. Raises as `render` does."""
        return [(mark, self.trimmed(text)) for mark, text in self.raw_texts(values, drawing)]

    def raw_texts(self, values: Mapping[str, Any], drawing: Drawing | None = None) -> list[tuple[str, str]]:
        """The parts as `texts` gives them, with the line breaks at their ends."""
        seen = template_functions(drawing) | {name: _view(value) for name, value in values.items()}
        return [(part.mark, self._text(part, seen)) for part in self.parts]

    def trimmed(self, text: str) -> str:
        """A rendered part without the line breaks that only end it."""
        plain = self.front.mode == "chat" and not self.front.verbatim
        return text.strip("\n") if plain else text.removesuffix("\n")

    def fallback(self) -> Template | None:
        """Load the `instead:` template, used with models that can't fill a gap."""
        return load_template(Path(self.path).with_name(self.front.instead), parse=self.rule) if self.front.instead else None

    def dry_run(self, values: Mapping[str, Any], drawing: Drawing | None = None) -> Problem | None:
        """The first problem of rendering with `values`; None when there is none."""
        try:
            self.texts(values, drawing)
        except PipelineError as error:
            return error.problems[0]
        return None

    def _text(self, part: _Part, values: Mapping[str, Any]) -> str:
        pieces: list[str] = []
        size = 0
        try:
            # Closed at once: a rendering left open would count as the outer one of the next.
            with closing(pieces_of(part.compiled, values)) as rendering:
                for piece in rendering:
                    size += len(piece)
                    if size > MAX_RENDERED:
                        raise OverflowError(f"it renders to more than {MAX_RENDERED:,} characters")
                    pieces.append(piece)
        except Exception as error:  # a template can raise anything that an expression in it can
            raise PipelineError([self._problem(part, error)]) from error
        return "".join(pieces)

    def _problem(self, part: _Part, error: Exception) -> Problem:
        line = part.line + _line_of(error) - 1
        words = str(error) or type(error).__name__
        if words.startswith("no loader"):  # Jinja's word for import, include and extends
            words = "a template can't import, include or extend another one"
        place = place_of(self.path, line)
        named = re.search(r"'(\w+)'", words)
        at = re.search(rf"\b{named[1]}\b", place.text) if named else None
        place = replace(place, column=at.start() + 1) if at else place
        return Problem("template-render", place, f"the template can't be rendered: {words}")


def load_template(path: Path, *, named: bool = False, parse: Mapping[str, Any] | None = None) -> Template:
    """The template in the file at `path`. With `named`, a line `--- NAME ---` starts a text of that name, not a message.

    `parse` is a rule to read replies, in place of the template's own.

    Raises PipelineError with the location when the file is missing or its front matter or Jinja is wrong.
    """
    log_access(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise template_error(
                path, 0, "template-too-large", f"the template is larger than {MAX_BYTES:,} bytes", "is it the right file?"
            )
        text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError as error:
        raise template_error(path, 0, "template-missing", "there is no such template") from error
    except (OSError, UnicodeDecodeError) as error:
        raise template_error(path, 0, "template-unreadable", f"the template can't be read: {error}") from error
    template = _parse(str(path), text, named)
    if parse is None:
        return template
    front = template.front.model_copy(update={"parse": Parse.model_validate(parse)})
    return replace(template, front=front, rule=parse)


def read_template(name: str, text: str) -> Template:
    """The template with the source `text` that no file of its own holds; errors name it `name`. Raises as `load_template`."""
    return _parse(name, text)


@lru_cache(maxsize=256)  # compiling costs 1.3 ms, and a run renders the same few templates thousands of times
def _parse(path: str, text: str, named: bool = False) -> Template:
    text = text.replace("\r\n", "\n")
    front, body, line = split_front(path, text)
    if (slip := nearly_marks(body, named=named)) is not None:
        raise template_error(path, line + body[: slip.place].count("\n"), "template-marks", slip.problem, slip.hint)
    parts: list[_Part] = []
    for mark, source, offset in cut(body, named=named):
        parts.append(_Part(mark, source, line + offset, _compile(path, source, line + offset)))
    if (slip := misplaced([part.mark for part in parts], front.mode, named=named)) is not None:
        part = parts[slip.place]
        raise template_error(path, part.line - bool(part.mark), "template-marks", slip.problem, slip.hint)
    names = frozenset[str]().union(*(variables_of(part.source) for part in parts))
    if any(part.mark == TURNS for part in parts):
        names |= {"example"}  # a conversation is the input of an example
    return Template(path, front, tuple(parts), names)


def _compile(path: str, source: str, line: int) -> Compiled:
    try:
        return compiled(source)
    except BadSyntax as error:
        words = f"Jinja: {(error.message or '').rstrip('.')}"
        raise template_error(path, line + error.lineno - 1, "template-syntax", words, nearest(error)) from error


def _view(value: Any) -> Any:
    """Sets as tuples of their elements, so that a template can loop over them and read their length."""
    return members_of(value) if isinstance(value, Prompts | Examples | Critiques | Families | Failures | History) else value


def _line_of(error: Exception) -> int:
    """The template's line in the traceback of `error`; 1 when there is none."""
    line, frame = 1, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line
