"""Hypothesis strategies for the engine's input: any text, near-YAML, JSON-like data, pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

__all__ = ["any_text", "chains", "conditional_pipelines", "data", "drawn_templates", "near_yaml"]

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


_KINDS: dict[str, dict[str, Any]] = {
    "vary": {"use": "resample", "template": "ape/paraphrase.j2", "n": 2, "keep_parents": True},
    "few": {"use": "dedupe"},
    "shots": {"use": "demos", "examples": "$train", "policy": "bootstrap", "sets": 3, "most": 1, "labelled": 1},
    "pairs": {"use": "combine", "shots": "$seed", "policy": "draw", "n": 2},
    "taken": {"use": "take", "n": 2, "from": "end"},
    "left": {"use": "minus", "without": "$seed"},
    "mixed": {"use": "shuffle"},
    "high": {"use": "rank", "keep": 2, "template": "promptagent/reward.j2"},
    "seen": {"use": "mark", "name": "reward", "template": "promptagent/one-more.j2"},
    "grade": {"use": "evaluate", "on": "$train"},
    "glance": {"use": "evaluate", "on": "$train", "until_wrong": 1, "until_right": 2},
    "wrong": {"use": "failures"},
    "make": {"use": "compose", "template": "./make.j2", "n": 2, "equal": "keep"},
    "dice": {"use": "calculate", "template": "./dice.j2"},
}
_SETS = {"grade": "scores", "glance": "scores", "wrong": "failures"}
"""Sets that are not of prompts."""
_OF = frozenset({"taken", "left", "mixed", "high", "seen", "wrong"})
"""Kinds whose main input is called `of`."""

drawn_templates = {
    "make.j2": "{% if uniform(0, 1) < 0.7 %}{{ prompt }} {{ choice(['a', 'b']) }}{% endif %}\n--- mood ---\n{{ number }}",
    "dice.j2": "{{ choice([true, false]) }}",
}
"""Templates that these pipelines name."""


@st.composite
def conditional_pipelines(draw: st.DrawFn) -> Mapping[str, Any]:
    """A pipeline whose steps have `when` and `unless` on each other and on a param, often in a loop with several `until`."""
    sets: dict[str, list[str]] = {"prompts": ["$seed"], "scores": [], "failures": []}
    nodes: dict[str, dict[str, Any]] = {}
    truths = ["$flag", "$seed"]
    for number in range(draw(st.integers(2, 6))):
        usable = [kind for kind in _KINDS if kind != "wrong" or sets["scores"]]
        kind, name = draw(st.sampled_from(usable)), f"n{number}"
        node = {**_KINDS[kind]}
        port = "of" if kind in _OF else "prompts"
        given = draw(st.lists(st.sampled_from(sets["scores" if kind == "wrong" else "prompts"]), min_size=1, max_size=2))
        if kind != "dice":
            node[port] = given if len(given) > 1 else given[0]
        for key in draw(st.sampled_from([(), ("when",), ("unless",), ("when", "unless")])):
            node[key] = draw(st.lists(st.sampled_from(truths), min_size=1, max_size=2))
        nodes[name] = node
        if kind == "dice":
            truths.append(f"${name}.yes")
            continue
        sets[_SETS.get(kind, "prompts")].append(f"${name}")
        sets["prompts"] += [f"${name}.rest"] if kind in ("taken", "high", "few") else []
        truths.append(f"${name}")
    ends = {f"o{place}": ref for place, ref in enumerate(truths[2:])}
    head = {"promptwire": 1, "inputs": {"seed": "Prompts", "train": "Examples"}, "params": {"flag": draw(st.booleans())}}
    if not draw(st.booleans()):
        return {**head, "nodes": nodes, "outputs": {"prompt": sets["prompts"], **ends}}
    kinds = {f"${name}": "Prompts" for name in nodes} | dict.fromkeys(sets["scores"], "Scores")
    kinds |= dict.fromkeys(sets["failures"], "Failures") | {f"${name}.yes": "Bool" for name in nodes}
    states = {name: {"type": kinds[ref], "next": ref} for name, ref in ends.items()}
    carry = {"beam": {"start": "$seed", "next": sets["prompts"]}, **states}
    body = {name: {key: _renamed(value) for key, value in node.items()} for name, node in nodes.items()}
    for node in body.values():
        if node["use"] == "resample" and draw(st.booleans()):
            node["n"] = "$round"
    loop: dict[str, Any] = {"repeat": draw(st.integers(0, 3)), "carry": carry, "nodes": body}
    if draw(st.booleans()):
        loop["until"] = draw(st.lists(st.sampled_from(truths), min_size=1, max_size=2))
    if draw(st.booleans()):
        loop["when" if draw(st.booleans()) else "unless"] = "$flag"
    return {**head, "nodes": {"loop": loop}, "outputs": {"prompt": "$loop.beam", **{name: f"$loop.{name}" for name in ends}}}


def _renamed(value: Any) -> Any:
    """`value` with the state of the loop in place of the seed."""
    return [_renamed(one) for one in value] if isinstance(value, list) else "$beam" if value == "$seed" else value
