"""A display is called at equal times, in a thread that ends with its block."""

from __future__ import annotations

from threading import Event, current_thread, main_thread

import pytest

from promptwire.results.ticking import ticking


@pytest.mark.parametrize("error", [None, ValueError])
def test_the_calls_come_from_another_thread_which_ends_with_the_block(error: type[Exception] | None) -> None:
    threads, twice = [], Event()

    def tick() -> None:
        threads.append(current_thread())
        if len(threads) > 1:
            twice.set()

    def block() -> None:
        with ticking(tick, 0.001):
            assert twice.wait(60)
            if error:
                raise error

    if error:
        with pytest.raises(error):
            block()
    else:
        block()
    assert threads[0] is not main_thread() and not threads[0].is_alive()
