"""Keys of requests: made from pieces, and equal to the hash of the whole."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptwire.backend import KEY_VERSION, Kind, Request, Settings
from promptwire.values import Message
from promptwire.values.hashing import canonical, digest
from promptwire.values.request_key import RequestKeys

TEXT = st.text() | st.sampled_from(["\ud83d", "-0.0", '"\\', "\u00e9\n"])
SETTINGS = st.builds(
    Settings,
    temperature=st.none() | st.sampled_from([0.0, -0.0, 0.7]),
    stop=st.lists(TEXT, max_size=2),
    extra=st.dictionaries(TEXT, st.integers() | TEXT | st.just(-0.0), max_size=2),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from(["generate", "infill", "choose", "logprob"]),
    messages=st.lists(st.builds(Message, role=st.sampled_from(["system", "user"]), content=TEXT), max_size=2).map(tuple),
    prompt=TEXT,
    suffix=TEXT,
    options=st.lists(TEXT, max_size=2).map(tuple),
    settings=SETTINGS,
)


def whole(request: Request, identity: str, *, sample: int, stream: str) -> dict[str, Any]:
    """All that a key is the hash of."""
    return {
        "version": KEY_VERSION,
        "identity": identity,
        "kind": request.kind,
        "messages": [[message.role, message.content] for message in request.messages],
        "prompt": request.prompt,
        "suffix": request.suffix,
        "options": list(request.options),
        "settings": request.settings.model_dump(mode="json", exclude_defaults=True),
        "sample": sample,
        "stream": stream if request.random else "",
    }


@given(REQUESTS, TEXT, st.integers(min_value=0), TEXT)
def test_a_key_is_the_hash_of_the_canonical_text_of_all_parts(
    request: Request, identity: str, sample: int, stream: str
) -> None:
    assert request.keys(identity, stream).key(sample) == digest(whole(request, identity, sample=sample, stream=stream))


@given(REQUESTS, TEXT)
def test_the_parts_hold_the_hash_of_each_text_that_is_there(request: Request, stream: str) -> None:
    parts, of = request.keys("m", stream).parts(), whole(request, "m", sample=0, stream=stream)
    texts = {name: digest(of[name], 12) for name in ("messages", "prompt", "suffix", "options") if of[name]}
    assert parts == {**{name: of[name] for name in ("identity", "kind", "settings", "stream")}, **texts}
    assert request.keys("m", stream).parts_text() == json.dumps(parts, separators=(",", ":"))


def test_the_text_of_the_parts_keeps_the_order_of_each_settings() -> None:
    one, other = ({"top_p": 0.5, "temperature": 1.0}, {"temperature": 1.0, "top_p": 0.5})
    texts = [
        RequestKeys(
            "generate", (), texts=("p", ""), options=(), settings=(canonical(each), each), source=("m", "0", 1)
        ).parts_text()
        for each in (one, other)
    ]
    assert [list(json.loads(text)["settings"]) for text in texts] == [list(one), list(other)]


def test_the_keys_of_samples_do_not_depend_on_which_is_made_first() -> None:
    kind: Kind = "generate"
    one, other = Request(kind, prompt="p").keys("m", "0"), Request(kind, prompt="p").keys("m", "0")
    assert [one.key(1), one.key(0)] == [other.key(0), other.key(1)][::-1]


def test_the_keys_of_a_long_request_do_not_hold_its_text() -> None:
    requests = [Request("generate", messages=(Message(role="user", content=f"{n}" + "x" * 100_000),)) for n in range(50)]
    tracemalloc.start()
    keys = [request.keys("m", "0") for request in requests]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len({one.key(0) for one in keys}) == len(requests)
    assert held < 1_000_000
