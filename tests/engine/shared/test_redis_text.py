"""Commands in the form in which they are sent."""

from __future__ import annotations

import pytest

from promptwire.shared.redis_text import Command, packed


@pytest.mark.parametrize(
    ("commands", "sent"),
    [
        ([("PING",)], b"*1\r\n$4\r\nPING\r\n"),
        ([("SET", "k", 12)], b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n12\r\n"),
        ([("ECHO", "\u00e9\U0001f600")], b"*2\r\n$4\r\nECHO\r\n$6\r\n\xc3\xa9\xf0\x9f\x98\x80\r\n"),
        ([("ECHO", b"\xff\r\n"), ("PING",)], b"*2\r\n$4\r\nECHO\r\n$3\r\n\xff\r\n\r\n*1\r\n$4\r\nPING\r\n"),
        ([], b""),
    ],
)
def test_commands_are_sent_with_the_length_of_each_part_in_bytes(commands: list[Command], sent: bytes) -> None:
    assert packed(commands) == sent
