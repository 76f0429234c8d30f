"""Processor time of a process with all its descendants (Linux)."""

import os
import time
from collections.abc import Callable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# The fields of /proc/PID/stat after the command's name: the parent, then user and system time of
# the process, and of its children that ended.
_PARENT = 1
_TIMES = slice(11, 15)
# A product is quiet if it used less than this share of a processor for a second.
_WINDOW_SECONDS = 1.0
_QUIET_SHARE = 0.15


def processor_seconds(root: int) -> float:
    """Returns the user and system time of a process and its descendants, including those that
    ended."""
    stats = _stats()
    family, added = {root}, True
    while added:
        children = {pid for pid, fields in stats.items() if int(fields[_PARENT]) in family}
        added = not children <= family
        family |= children
    return sum(int(ticks) for pid in family & stats.keys() for ticks in stats[pid][_TIMES]) / float(
        _TICKS
    )


def _stats() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            # The process ended since the folder was listed.
            continue
        found[int(folder.name)] = text.rpartition(")")[2].split()
    return found


def await_quiet(
    seconds: Callable[[], float],
    limit_seconds: float = 60.0,
    window_seconds: float = _WINDOW_SECONDS,
) -> float:
    """Waits until a product is quiet, which means that it uses almost no processor time. `seconds`
    returns the product's processor seconds so far; the last reading is returned. Raises
    TimeoutError if the product is still busy after `limit_seconds`."""
    deadline = time.monotonic() + limit_seconds
    before = seconds()
    while time.monotonic() < deadline:
        time.sleep(window_seconds)
        after = seconds()
        if after - before < _QUIET_SHARE * window_seconds:
            return after
        before = after
    raise TimeoutError(f"still busy after {limit_seconds:.0f} s")
