"""Reads YAML files with the position of every key and value.

The only module that imports PyYAML. Scalars follow the YAML 1.2 core schema. Under 1.1, `no` is false, `1e-3` a text and
`12:30` a number, which authors do not expect. A file is untrusted input: tags and merge keys are refused; size, depth and alias
expansion are limited. For any text, the result is a `Document` or a PipelineError.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from promptwire.documents.document import Document, Position, Scalar, Source, YamlValue
from promptwire.documents.scalars import CORE, parse
from promptwire.documents.yaml_hints import colon_hint, syntax_hint
from promptwire.errors import Location, PipelineError, Problem
from promptwire.security.access_log import log_access
from promptwire.security.sanitizer import UNPRINTABLE

__all__ = ["Document", "dump_yaml", "load_yaml", "read_yaml", "read_yaml_text"]

MAX_BYTES: Final = 4_000_000
MAX_DEPTH: Final = 64
MAX_VALUES: Final = 200_000
MAX_SCALAR: Final = 200_000
MAX_NUMBER: Final = 60
"""Characters of a number; int() itself raises ValueError from 4300 digits on."""

_TAG: Final = "tag:yaml.org,2002:"
_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""Line breaks of PyYAML; str.splitlines() has more."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class _LimitExceeded(yaml.MarkedYAMLError):
    """A limit of the reader is exceeded."""


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 scalars. Limits apply while it reads: composing first would recurse without bound."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.count = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        self.count += 1
        if self.depth > MAX_DEPTH or self.count > MAX_VALUES:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            problem = f"nested deeper than {MAX_DEPTH} levels" if self.depth > MAX_DEPTH else f"more than {MAX_VALUES:,} values"
            raise _LimitExceeded(problem=problem, problem_mark=mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    """SafeDumper that quotes each text that YAML 1.1 or 1.2 would read as another type."""

    yaml_implicit_resolvers = {first: list(found) for first, found in yaml.SafeDumper.yaml_implicit_resolvers.items()}

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _OwnDumper(_Dumper):
    """Dumper for promptwire's own files. It quotes by YAML 1.2 only, so `on` and `no` are not quoted."""

    yaml_implicit_resolvers: dict[str, Any] = {}


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    # PyYAML writes some line breaks unescaped and folds them when it reads them back. In quotes, an escape of the terminal
    # sanitizer means the character itself.
    style = '"' if UNPRINTABLE.search(text) else None
    return dumper.represent_scalar(_TAG + "str", text, style=style)


_Dumper.add_representer(str, _represent_text)
_OwnDumper.add_representer(str, _represent_text)
for _kind, _pattern, _first in CORE:
    _Loader.add_implicit_resolver(_TAG + _kind, _pattern, _first)
    _Dumper.add_implicit_resolver(_TAG + _kind, _pattern, _first)
    _OwnDumper.add_implicit_resolver(_TAG + _kind, _pattern, _first)


def read_yaml(path: str | Path) -> Document:
    """Read the YAML file at `path`. Raises PipelineError with location and hint."""
    name = str(path)
    log_access(path)
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError as cause:
        raise _error("file-missing", name, "there is no such file", _similar_file(Path(path))) from cause
    except IsADirectoryError as cause:
        raise _error("file-missing", name, "is a folder", "name a .yaml file in it") from cause
    except (OSError, ValueError) as cause:
        reason = (cause.strerror if isinstance(cause, OSError) else "") or str(cause)
        raise _error("file-unreadable", name, f"can't be read: {reason}", "check the path and its permissions") from cause
    if len(raw) > MAX_BYTES:
        raise _error("file-too-large", name, f"is larger than {MAX_BYTES:,} bytes", "is it the right file?")
    try:
        return read_yaml_text(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError as cause:
        problem = f"byte {raw[cause.start]:#04x} in line {raw.count(10, 0, cause.start) + 1} is not UTF-8"
        raise _error("file-encoding", name, problem, "save the file as UTF-8 text") from cause


@lru_cache(maxsize=128)
def read_yaml_text(text: str, name: str) -> Document:
    """Read `text` as a document called `name`. Raises PipelineError, with all errors if the syntax is valid.

    Kept, as reading takes most of the time of a check, and pipelines use the same files. Nothing changes a document.
    """
    if len(text) > MAX_BYTES:
        raise _error("file-too-large", name, f"is larger than {MAX_BYTES:,} characters", "is it the right file?")
    text = text.removeprefix("\ufeff")
    source = Source(name, tuple(_BREAK.split(text)))
    node = _compose(text, source)
    tree = _TreeBuilder(source)
    root = tree.build(node, (), None) if node else YamlValue(None, Position(source, 1, 1))
    if tree.problems:
        raise PipelineError(tree.problems)
    return Document(name, root)


def load_yaml(path: str | Path) -> Any:
    """Load the YAML file at `path` as plain Python, without positions."""
    return read_yaml(path).data


def dump_yaml(data: Any, *, own: bool = False) -> str:
    """Dump plain Python as YAML that `read_yaml_text` reads back unchanged. `own`: for YAML 1.2 readers only."""
    text: str = yaml.dump(
        data, Dumper=_OwnDumper if own else _Dumper, sort_keys=False, allow_unicode=True, width=118, default_flow_style=None
    )
    return text


def _similar_file(path: Path) -> str:
    """Hint for a missing file: a similar name in its folder."""
    beside = {each.stem: each.name for each in path.parent.glob("*.y*ml")} if os.path.isdir(path.parent) else {}
    near = get_close_matches(path.stem, beside, n=1)
    return f"did you mean {beside[near[0]]!r}?" if near else "check the path"


def _error(code: str, name: str, message: str, hint: str = "") -> PipelineError:
    return PipelineError([Problem(code, Location(name), message, hint)])


def _compose(text: str, source: Source) -> yaml.Node | None:
    """Compose PyYAML's node tree. Raises PipelineError for its errors."""
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as cause:
        found = _BREAK.split(text[: cause.position])
        message = f"character U+{ord(text[cause.position]):04X} can't stand in a YAML file"
        location = Position(source, len(found), len(found[-1]) + 1).location()
        raise PipelineError(
            [Problem("yaml", location, message, "write it as an escape in double quotes, or remove it")]
        ) from cause
    try:
        node: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as cause:
        began = cause.context in ("while scanning a simple key", "while scanning a quoted scalar")  # the mistake is there
        mark = (cause.context_mark if began else None) or cause.problem_mark or cause.context_mark or loader.get_mark()
        raise PipelineError([_syntax_problem(cause, Position(source, mark.line + 1, mark.column + 1).location())]) from cause
    except (ValueError, OverflowError) as cause:
        # PyYAML does not catch what chr() and int() raise for an escape like "\UFFFFFFFF" or a huge %YAML version.
        location = Position(source, loader.get_mark().line + 1, loader.get_mark().column + 1).location()
        raise PipelineError([Problem("yaml", location, f"not YAML: {cause}")]) from cause
    finally:
        loader.dispose()
    return node


def _syntax_problem(error: yaml.MarkedYAMLError, location: Location) -> Problem:
    """Problem for a PyYAML error: own words for frequent mistakes, PyYAML's for the rest."""
    complaint = error.problem or error.context or "not YAML"
    if isinstance(error, _LimitExceeded):
        return Problem("yaml", location, complaint)
    if "another document" in complaint or "single document" in (error.context or ""):
        return Problem("yaml", location, "a second document starts here", "one file holds one document: remove the '---' line")
    if "\\t" in complaint:
        return Problem("yaml", location, "a tab can't indent YAML", "use spaces")
    if complaint.startswith("mapping values are not allowed"):
        return Problem("yaml", location, "a ':' can't stand here", colon_hint(location))
    hint = syntax_hint(f"{complaint} {error.context or ''}")
    context = f" {error.context}" if error.context and error.context is not complaint else ""
    if context and error.context_mark is not None and error.context_mark.line + 1 < location.line:
        context += f" that begins in line {error.context_mark.line + 1}"
    return Problem("yaml", location, f"not YAML: {complaint}{context}", hint)


class _TreeBuilder:
    """Builds YAML values from PyYAML's nodes, and collects all errors."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.count = 0

    def build(self, node: yaml.Node, above: tuple[int, ...], key: Position | None) -> YamlValue:
        """Build the value of `node`; `above` holds the ids of the enclosing nodes."""
        position = self.position(node)
        self.count += 1
        if id(node) in above:
            return self.report(position, "an alias can't be inside the value that it names", "write the value out")
        if self.count > MAX_VALUES:
            if self.count == MAX_VALUES + 1:
                self.report(position, f"the aliases unfold to more than {MAX_VALUES:,} values", "write the values out")
            return YamlValue(None, position, key)
        kind = node.tag.removeprefix(_TAG)
        inside = (*above, id(node))
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return YamlValue(self.pairs(node, inside), position, key)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return YamlValue([self.build(item, inside, None) for item in node.value], position, key)
        if isinstance(node, yaml.ScalarNode) and kind in ("null", "bool", "int", "float", "str"):
            return YamlValue(self.scalar(node, kind), position, key)
        return self.report(
            position, f"tags such as {node.tag[:60]} are not supported", "write plain text, numbers, lists or mappings"
        )

    def pairs(self, node: yaml.MappingNode, above: tuple[int, ...]) -> dict[str, YamlValue]:
        """The entries of a mapping."""
        found: dict[str, YamlValue] = {}
        for name, value in node.value:
            position = self.position(name)
            if not isinstance(name, yaml.ScalarNode) or name.tag != _TAG + "str":
                shown = repr(name.value) if isinstance(name, yaml.ScalarNode) else "a list or mapping"
                self.report(position, f"a key must be a text, not {shown}", "put it in quotes")
            elif name.value == "<<" and name.style is None:
                self.report(position, "merge keys are not supported", "write the keys out, or use 'extends' and 'override'")
            elif name.value in found:
                first = found[name.value].key
                self.report(
                    position,
                    f"the key {name.value[:60]!r} is already in line {first.line if first else 0}",
                    "",
                    "duplicate-key",
                )
            else:
                key = str(self.scalar(name, "str"))
                found[key] = self.build(value, above, position)
        return found

    def scalar(self, node: yaml.ScalarNode, kind: str) -> Scalar:
        """The value of a scalar."""
        text: str = node.value
        if len(text) > (MAX_SCALAR if kind == "str" else MAX_NUMBER):
            self.report(
                self.position(node), f"a {'text' if kind == 'str' else 'number'} of {len(text):,} characters", "make it shorter"
            )
            return None
        if kind == "str":
            if _SURROGATE.search(text):
                self.report(
                    self.position(node), "half of a surrogate pair is not a character", r"write it whole, as \U0001F600"
                )
            return text
        try:
            return parse(text, kind)
        except (ValueError, OverflowError):
            self.report(self.position(node), f"{text} is not a finite number", "put it in quotes if it is a text")
            return None

    def position(self, node: yaml.Node) -> Position:
        """Position where `node` starts."""
        return Position(self.source, node.start_mark.line + 1, node.start_mark.column + 1)

    def report(self, position: Position, message: str, hint: str = "", code: str = "yaml") -> YamlValue:
        """Report an error, and return a placeholder for the value."""
        self.problems.append(Problem(code, position.location(), message, hint))
        return YamlValue(None, position)
