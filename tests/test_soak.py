"""The soak of bench/, made short: many calls at once leave nothing out, nothing twice and nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parent.parent / "bench" / "soak.py"


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory and sockets are read from /proc")
def test_many_calls_at_once_lose_no_row_make_none_twice_and_leave_no_task_or_socket() -> None:
    done = subprocess.run([sys.executable, str(SOAK), "--calls", "800", "--at-once", "64"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["rows"], found["distinct"], found["wrong"], found["left"]) == (800, 800, 0, {"tasks": 0, "sockets": 0})
    assert found["requests"] > 800, "no request failed: nothing was tried again"
