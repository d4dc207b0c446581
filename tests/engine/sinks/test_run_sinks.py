from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from promptwire.errors import RunError
from promptwire.sinks.run_sinks import sending
from promptwire.sinks.sink import Sink
from tests.engine.sinks.recorded_sink import Recorded, folder_of


async def sent(folder: Path, *sinks: Sink, error: BaseException | None = None) -> tuple[list[str], list[str]]:
    said: list[str] = []
    try:
        async with sending(sinks, folder, may_begin=lambda: True, say=said.append) as unsent:
            if error is not None:
                raise error
    except (RunError, asyncio.CancelledError):
        pass
    return unsent, said


async def test_each_sink_is_on_its_own(tmp_path: Path) -> None:
    broken, whole = Recorded("begin", OSError("no route")), Recorded()
    unsent, said = await sent(folder_of(tmp_path), broken, whole)
    assert whole.got[-1] == "end" and len(unsent) == 1 and "no route" in unsent[0] and said == []


@pytest.mark.parametrize("error", [RunError("disk full"), asyncio.CancelledError()])
async def test_after_an_error_of_the_run_the_rest_is_sent_and_warnings_are_said(tmp_path: Path, error: BaseException) -> None:
    broken, whole = Recorded("end", OSError("no route")), Recorded()
    _, said = await sent(folder_of(tmp_path), broken, whole, error=error)
    assert whole.got[-1] == "end" and [text.startswith("warning: mine has not got all") for text in said] == [True]


async def test_a_run_whose_folder_is_gone_was_never_begun(tmp_path: Path) -> None:
    sink = Recorded()
    assert await sent(tmp_path / "gone", sink) == ([], []) and sink.got == []


async def test_without_sinks_there_is_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    async with sending((), tmp_path, may_begin=lambda: True, say=print):
        assert threading.active_count() == before
