"""Reads the header of a GGUF file: what kind of model it is, its context length, its chat template, its size in memory.

llama.cpp says the same of a missing, a damaged and a too large model. The header is read first, so that each gets an error of
its own.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from promptwire.errors import ModelUnavailable

__all__ = ["Header", "read_header", "unreadable"]

_SCALARS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9
_MOST: Final = 1 << 20
"""Most metadata entries and tensors that are read; real files have hundreds."""
_HINT: Final = "fetch it again, or name another GGUF file"
_BLOCKS: Final = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84), 11: (256, 110),
    12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 30: (1, 2),
}  # fmt: skip
"""Values and bytes of a block, by number of the tensor type."""
_EMBEDDERS: Final = ("bert", "t5encoder", "clip")
"""Parts of the names of architectures that write no text."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says of a model."""

    architecture: str
    """Name of the architecture, such as `llama`."""
    context: int
    """Context length in training; 0 when unknown."""
    template: bool
    """Whether it has a chat template."""
    writes: bool
    """Whether it writes text; an embedding model doesn't."""
    token_bytes: int
    """Bytes of the attention cache for each token of the context; 0 when unknown."""
    size: int
    """Size of the file in bytes."""


def read_header(path: Path) -> Header:
    """Read the header of the file at `path`; read once for each state of the file. Raises ModelUnavailable."""
    try:
        state = path.stat()
        return _read(str(path), state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, IndexError, struct.error) as error:
        said = str(error) if isinstance(error, ValueError) else "its header is damaged or cut off"
        raise ModelUnavailable(f"the model file is damaged: {said}", where=str(path), hint=_HINT) from error


def unreadable(path: Path, error: OSError) -> ModelUnavailable:
    """The error for a model file that can't be read."""
    hint = "name a GGUF file with PROMPTWIRE_MODEL or --model local:FILE, or neither, and promptwire downloads a model"
    return ModelUnavailable(f"the model file can't be read: {error.strerror or error}", where=str(path), hint=hint)


@lru_cache(maxsize=16)
def _read(path: str, size: int, modified: int) -> Header:
    with open(path, "rb") as file:
        if file.read(4) != b"GGUF":
            hint = "name a model in llama.cpp's GGUF format"
            raise ModelUnavailable("the model file is not a GGUF file", where=path, hint=hint)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _header(_Reader(data), size)


class _Reader:
    """Reads values from the bytes of a file, one after the other."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = 4

    def number(self, form: str) -> Any:
        (value,) = struct.unpack_from(f"<{form}", self._data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return value

    def text(self) -> str:
        length = self.number("Q")
        start, self.at = self.at, self.at + length
        if self.at > len(self._data):
            raise IndexError(self.at)
        return self._data[start : self.at].decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        """A value; of an array only the numbers, since texts are the model's vocabulary."""
        if kind == _TEXT:
            return self.text()
        if kind != _ARRAY:
            if kind not in _SCALARS:
                raise IndexError(kind)
            return self.number(_SCALARS[kind])
        inner, count = self.number("I"), self.number("Q")
        if count > len(self._data):
            raise IndexError(count)
        if inner == _TEXT:
            return self._skip_texts(count)
        return [self.value(inner) for _ in range(count)] if inner == _ARRAY else self._numbers(inner, count)

    def _skip_texts(self, count: int) -> list[Any]:
        data, at, read = self._data, self.at, struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + read(data, at)[0]
        self.at = at
        return []

    def _numbers(self, kind: int, count: int) -> list[Any]:
        form = f"<{count}{_SCALARS.get(kind, '')}"
        found = list(struct.unpack_from(form, self._data, self.at))
        self.at += struct.calcsize(form)
        return found


def _header(reader: _Reader, size: int) -> Header:
    version, tensors, entries = reader.number("I"), reader.number("Q"), reader.number("Q")
    if version not in (2, 3):
        raise ValueError(f"its format has version {version}; 2 and 3 are known")
    if max(tensors, entries) > _MOST:
        raise ValueError("its header is damaged or cut off")
    said = {}
    for _ in range(entries):
        name = reader.text()
        said[name] = reader.value(reader.number("I"))
    end = max(_ends(reader, tensors), default=0)
    step = int(said.get("general.alignment", 32)) or 32
    start = -(-reader.at // step) * step
    if start + end > size:
        raise ValueError(f"it is cut off: {size} bytes of {start + end}")
    return _described(said, size)


def _ends(reader: _Reader, tensors: int) -> Iterator[int]:
    """End of each tensor after the start of the data; of unknown types only the beginning."""
    for _ in range(tensors):
        reader.text()
        count = 1
        for _ in range(reader.number("I")):
            count *= reader.number("Q")
        block, width = _BLOCKS.get(reader.number("I"), (1, 0))
        yield reader.number("Q") + count // block * width


def _described(said: dict[str, Any], size: int) -> Header:
    kind = str(said.get("general.architecture", ""))

    def number(name: str, otherwise: int = 0) -> int:
        value = said.get(f"{kind}.{name}", otherwise)
        value = max(value, default=0) if isinstance(value, list) else value
        return int(value) if isinstance(value, int | float) else otherwise

    heads = number("attention.head_count", 1)
    width = number("embedding_length") // max(heads, 1)
    sizes = number("attention.key_length", width) + number("attention.value_length", width)
    causal = said.get(f"{kind}.attention.causal", True)
    return Header(
        architecture=kind,
        context=number("context_length"),
        template=bool(said.get("tokenizer.chat_template")),
        writes=bool(causal) and not any(part in kind for part in _EMBEDDERS) and not number("pooling_type"),
        token_bytes=number("block_count") * number("attention.head_count_kv", heads) * sizes * 2,
        size=size,
    )
