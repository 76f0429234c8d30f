"""Turns a forked process into a Lambda worker. It imports almost nothing on purpose: everything
that is loaded here is also loaded in every function."""

import os
import runpy
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection


def become_worker(
    script: str,
    directory: str,
    environment: Mapping[str, str],
    streams: tuple[Connection, Connection, Connection],
) -> None:
    """Runs the emulator's worker script as if this process had been started for it."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    # Keeps compiled modules in a scratch folder for the next worker.
    sys.dont_write_bytecode = False
    for descriptor, stream in enumerate(streams):
        os.dup2(stream.fileno(), descriptor)
        stream.close()
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")
