"""Hypothesis strategies for the engine's input: any text, near-YAML, JSON-like data, pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

__all__ = ["any_text", "chains", "data", "near_yaml"]

any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=200)
"""Every code point, lone surrogates and NUL included."""

_PIECES = [
    "a", "nodes", "use", "$x", "$x.y", "$$", ": ", ":", "- ", "\n", "\n  ", "\r\n", "\t", "{", "}", "[", "]", ", ", "&a ", "*a", "!!str ",
    "!!python/object:x ", "! ", "'", '"', "|\n", ">-\n", "#", "---\n", "...\n", "%YAML 1.2\n", "? ", "<<: ", "~", "1", "1e999", ".nan", "0x",
    "0o8", "\\", '"\\ud800"', '"\\UFFFFFFFF"', "\ufeff", "\x00", "\x85", "\u2028", "é", "@", "`",
]  # fmt: skip
near_yaml = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)
"""Pieces of YAML in any order, most of them invalid."""

_texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=20)
data = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts.filter(lambda key: key != "<<"), inner, max_size=4),
    max_leaves=20,
)
"""Any data that a YAML file can hold."""


@st.composite
def chains(draw: st.DrawFn) -> Mapping[str, Mapping[str, Any]]:
    """Nodes of type `mix`, each with inputs from earlier ones: an acyclic graph that ends in the output."""
    names = [f"n{number}" for number in range(draw(st.integers(1, 8)))]
    nodes: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(names):
        before = draw(st.lists(st.sampled_from(["seed", *names[:place]]), min_size=1, max_size=3))
        nodes[name] = {"use": "mix", "prompts": [f"${other}" for other in before]}
    return nodes
