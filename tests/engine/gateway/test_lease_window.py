"""How many requests of one model lease at a time."""

from __future__ import annotations

import asyncio

from promptwire.gateway.lease_window import LeaseWindow, States


async def test_requests_lease_in_their_order_as_others_leave() -> None:
    window, leased = LeaseWindow(2), list[int]()
    futures = [window.enter(lambda done, number=number: leased.append(number)) for number in range(5)]
    assert leased == [0, 1]
    window.leave(futures[1])
    assert leased == [0, 1, 2]
    window.leave(futures[0])
    window.leave(futures[2])
    assert leased == [0, 1, 2, 3, 4]


async def test_a_request_that_is_cancelled_before_its_turn_takes_no_place() -> None:
    window, leased = LeaseWindow(1), list[int]()
    futures = [window.enter(lambda done, number=number: leased.append(number)) for number in range(4)]
    for number in (1, 2):
        futures[number].cancel()
        window.leave(futures[number])
    window.leave(futures[0])
    assert leased == [0, 3]
    window.leave(futures[3])
    states: asyncio.Future[States] = window.enter(lambda done: done.set_result({"a": "granted"}))
    assert await states == {"a": "granted"}
