"""Ends a child process when its parent ends, even if the parent is killed."""

import os
import signal
import sys
import threading


def watch() -> None:
    """Sends this process SIGTERM when its standard input is closed."""
    threading.Thread(target=_wait, daemon=True, name="parent-watch").start()


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
