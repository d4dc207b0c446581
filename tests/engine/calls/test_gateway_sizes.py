"""Answers too long for the cache are refused and counted, not used without being kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.calls.cache import AnswerCache
from promptwire.calls.kept import LONGEST_ROW, Kept, Note, fits
from promptwire.calls.shelf import verify
from promptwire.errors import CacheError, RequestRefused
from promptwire.models.scripted import Scripted
from promptwire.request import Answer
from tests.engine.calls.bench import Bench, question


async def test_an_answer_too_long_for_the_cache_is_refused_once_and_booked(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "cache")
    model = Scripted(lambda request, key: "x" * LONGEST_ROW, name="long")
    for policy in ("use", "off"):
        gateway = bench.gateway(policy=policy)
        with pytest.raises(RequestRefused, match="more than 16 MB") as caught:
            await gateway.ask(model, question(), node="step")
        assert caught.value.where == "step" and "max_tokens" in caught.value.hint
        assert gateway.tally.total.requests == 1 and gateway.tally.total.tokens_out > 0
        await gateway.close()
    bench.cache.close()
    assert verify(tmp_path / "cache") == (0, [])


@pytest.mark.parametrize(
    ("text", "fit"), [("x" * (LONGEST_ROW - 9000), True), ("x" * LONGEST_ROW, False), ("é" * (LONGEST_ROW // 5), False)]
)
def test_what_fits_is_read_again_and_what_does_not_is_not_written(text: str, fit: bool, tmp_path: Path) -> None:
    assert fits(Answer(text)) is fit
    cache = AnswerCache(tmp_path / "cache")
    put = cache.put("a" * 64, Answer(text), note=Note("m", "generate"))
    if fit:
        assert put.result() == cache.get("a" * 64)
    else:
        assert isinstance(put.exception(), CacheError) and cache.get("a" * 64) is None
    cache.close()
    assert verify(tmp_path / "cache") == (int(fit), [])


def test_a_row_beyond_the_limit_is_no_answer_for_any_reader() -> None:
    text = Kept(Answer("x" * LONGEST_ROW), Note("m", "generate"), 1.0).write()
    assert Kept.read(text) is None
