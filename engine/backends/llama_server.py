"""Child process of the embedded model: starts the llama.cpp server and ends with its parent.

It is a separate process because a server in the parent hangs on exit with a request in flight, and crashes when a thread is
still inside it. It runs as long as its standard input is open. The system closes that pipe however the parent ends, `kill -9`
included, so no server is left behind. Run as `python -m promptwire.backends.llama_server` with one line of JSON on standard
input (`path batch repack context threads gpu_layers key`). It writes one line, `{"url": ...}` or `{"error": ...}`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any, TextIO

__all__ = ["main"]

SPIN = "1000"
"""Busy-wait of OpenMP threads. Unlimited spinning (the default) was ten times slower on a machine with other work."""


def exit_with(pipe: TextIO) -> None:
    """Exit at once when `pipe` closes. Uses `os._exit`: a normal exit waits for requests in flight, some forever."""
    pipe.read()
    os._exit(0)


def start(config: dict[str, Any]) -> Any:
    """Start the server: a free port of this machine only, one slot, key required, no web page, no cross-origin access."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN)  # read once, when the library loads
    import xllamacpp  # noqa: PLC0415 - after the environment is set, and only where the package is needed

    params = xllamacpp.CommonParams()
    params.model.path = config["path"]
    params.model_alias = {"local"}  # otherwise replies contain the user's folders
    params.n_ctx = config["context"]
    params.n_gpu_layers = config["gpu_layers"]
    params.no_op_offload = not config["gpu_layers"]  # otherwise large batches would be computed on a GPU all the same
    # Several slots share batches, and the shape of a batch changes the last bits of every probability in it.
    params.n_parallel = 1
    params.n_ubatch = config["batch"]
    # Repacked weights write a sixth faster, and compute single tokens with other digits than batches.
    params.no_extra_bufts = not config["repack"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = config["threads"]
    params.cache_ram_mib = 0
    params.api_keys = [config["key"]]
    params.cors_origins = ""
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = -1
    return xllamacpp.Server(params)


def main() -> None:
    """Start the server, report its address, and wait until standard input closes."""
    # Output of native code must not mix with the one line that the parent reads.
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    config = json.loads(sys.stdin.readline())
    pipe_reader = threading.Thread(target=exit_with, args=(sys.stdin,), daemon=True)
    pipe_reader.start()
    try:
        server = start(config)
        answer = {"url": server.listening_address}
    except ImportError as error:
        answer = {"error": str(error), "missing": "xllamacpp"}
    except Exception as error:  # the parent reports all errors
        answer = {"error": str(error)}
    report.write(json.dumps(answer) + "\n")
    report.flush()
    if "error" in answer:
        os._exit(2)
    pipe_reader.join()


if __name__ == "__main__":
    main()
