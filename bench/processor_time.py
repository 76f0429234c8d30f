"""Processor time of the local Lambda workers (Linux): what runs cost a machine, without time spent
waiting."""

import os
from pathlib import Path

import httpx

from local.settings import WORKERS_PATH

_TICKS = os.sysconf("SC_CLK_TCK")
# The fields of /proc/PID/stat after the command's name: user and system time are the 12th and 13th.
_USER, _SYSTEM = 11, 12


def worker_seconds(aws_endpoint: str) -> dict[str, float]:
    """Returns the processor time of each function's live workers so far, in seconds."""
    found: dict[str, float] = {}
    for worker in httpx.get(f"{aws_endpoint}{WORKERS_PATH}").raise_for_status().json():
        fields = Path(f"/proc/{worker['pid']}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
        found[worker["function"]] = found.get(worker["function"], 0.0) + used
    return found


def spent(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Returns the seconds between two readings, for workers that existed at both."""
    return {name: after[name] - before[name] for name in before if name in after}
