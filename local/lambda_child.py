"""Turns a forked process into a Lambda worker. Keep the imports of this module few, because every
function's process loads them too."""

import os
import runpy
import sys
from collections.abc import Sequence


def become_worker(script: str, directory: str, streams: Sequence[int]) -> None:
    """Runs the emulator's worker script as if this process had been started for it. The streams are
    descriptors for input, output and errors."""
    os.chdir(directory)
    # Keeps compiled modules in a scratch folder for the next worker.
    sys.dont_write_bytecode = False
    for descriptor, stream in enumerate(streams):
        os.dup2(stream, descriptor)
        os.close(stream)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")
