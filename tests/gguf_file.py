"""Writes tiny GGUF files: whole language models with random weights, and files with one thing wrong."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Any

WIDTH, HIDDEN, VOCABULARY = 32, 64, 258

TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:"
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + TEMPLATE

Number = int | float | bool


def write_gguf(path: Path, *, template: str | None = TEMPLATE, cut: int = 0, **changes: Any) -> Path:
    """Write a model of one layer with random weights; `changes` are metadata, `cut` bytes are left out at the end."""
    told = {**_metadata(template), **{name.replace("__", "."): value for name, value in changes.items()}}
    draw = random.Random(0)
    names, data, offset = b"", b"", 0
    for name, shape in _shapes().items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [draw.gauss(1 if len(shape) == 1 else 0, 0.2) for _ in range(count)]
        names += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        data += struct.pack(f"<{count}f", *values)
        offset += 4 * count
    entries = b"".join(_text(name) + _value(value) for name, value in told.items())
    head = b"GGUF" + struct.pack("<IQQ", 3, len(_shapes()), len(told)) + entries + names
    whole = head + bytes(-len(head) % 32) + data
    path.write_bytes(whole[: len(whole) - cut])
    return path


def _metadata(template: str | None) -> dict[str, Any]:
    letters = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in letters]
    tokens = sorted([*map(chr, letters), *(chr(256 + place) for place in range(len(others)))])
    found: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.context_length": 512,
        "llama.embedding_length": WIDTH,
        "llama.block_count": 1,
        "llama.feed_forward_length": HIDDEN,
        "llama.attention.head_count": 2,
        "llama.attention.head_count_kv": 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": WIDTH // 2,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": [*tokens, "<|begin|>", "<|end|>"],
        "tokenizer.ggml.token_type": [*[1] * 256, 3, 3],
        "tokenizer.ggml.merges": ["t h"],
        "tokenizer.ggml.bos_token_id": 256,
        "tokenizer.ggml.eos_token_id": 257,
        "tokenizer.ggml.add_bos_token": False,
    }
    return {**found, **({"tokenizer.chat_template": template} if template else {})}


def _shapes() -> dict[str, tuple[int, ...]]:
    square = (WIDTH, WIDTH)
    layer: dict[str, tuple[int, ...]] = {
        "attn_norm": (WIDTH,),
        "attn_q": square,
        "attn_k": square,
        "attn_v": square,
        "attn_output": square,
        "ffn_norm": (WIDTH,),
        "ffn_gate": (WIDTH, HIDDEN),
        "ffn_up": (WIDTH, HIDDEN),
        "ffn_down": (HIDDEN, WIDTH),
    }
    return {
        "token_embd.weight": (WIDTH, VOCABULARY),
        "output_norm.weight": (WIDTH,),
        "output.weight": (WIDTH, VOCABULARY),
        **{f"blk.0.{name}.weight": shape for name, shape in layer.items()},
    }


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(value: Any) -> bytes:
    if isinstance(value, list):
        kind = 8 if isinstance(value[0], str) else 5
        inner = b"".join(_text(each) if kind == 8 else struct.pack("<i", each) for each in value)
        return struct.pack("<IIQ", 9, kind, len(value)) + inner
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    return struct.pack("<If", 6, value) if isinstance(value, float) else struct.pack("<II", 4, value)
