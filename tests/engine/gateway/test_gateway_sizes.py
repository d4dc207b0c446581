"""Gateway: a completion too long for the cache is refused and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backend import Completion
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.disk import ResponseCache
from promptwire.cache.maintenance import verify
from promptwire.cache.record import LONGEST_ROW, CacheRecord, RequestMeta, fits
from promptwire.errors import CacheError, RequestRefused
from tests.engine.gateway.gateway_bench import Bench, question


async def test_a_reply_too_long_for_the_cache_is_refused_and_counted(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "cache")
    model = ScriptedBackend(lambda request, key: "x" * LONGEST_ROW, name="long")
    for policy in ("use", "off"):
        gateway = bench.gateway(policy=policy)
        with pytest.raises(RequestRefused, match="more than 16 MB") as caught:
            await gateway.ask(model, question(), node="step")
        assert caught.value.where == "step" and "max_tokens" in caught.value.hint
        assert gateway.usage.total.requests == 1 and gateway.usage.total.tokens_out > 0
        await gateway.close()
    bench.cache.close()
    assert verify(tmp_path / "cache") == (0, [])


@pytest.mark.parametrize(
    ("text", "fit"), [("x" * (LONGEST_ROW - 9000), True), ("x" * LONGEST_ROW, False), ("é" * (LONGEST_ROW // 5), False)]
)
def test_only_a_completion_that_fits_is_written_and_read_back(text: str, fit: bool, tmp_path: Path) -> None:
    assert fits(Completion(text)) is fit
    cache = ResponseCache(tmp_path / "cache")
    put = cache.put("a" * 64, Completion(text), meta=RequestMeta("m", "generate"))
    if fit:
        assert put.result() == cache.get("a" * 64)
    else:
        assert isinstance(put.exception(), CacheError) and cache.get("a" * 64) is None
    cache.close()
    assert verify(tmp_path / "cache") == (int(fit), [])


def test_a_row_longer_than_the_limit_is_not_read() -> None:
    text = CacheRecord(Completion("x" * LONGEST_ROW), RequestMeta("m", "generate"), 1.0).write()
    assert CacheRecord.read(text) is None
