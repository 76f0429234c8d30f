"""Processor time of the local Lambda workers (Linux): what runs cost a machine, without time spent
waiting."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.settings import WORKERS_PATH

_TICKS = os.sysconf("SC_CLK_TCK")
# The fields of /proc/PID/stat after the command's name: user and system time are the 12th and 13th.
_USER, _SYSTEM = 11, 12


@dataclass(frozen=True)
class Worker:
    """A live worker process: `seconds` is its user and system time since it started, `function` the
    function's name in template.yaml."""

    function: str
    pid: int
    is_busy: bool
    seconds: float


def workers(aws_endpoint: str) -> list[Worker]:
    """Returns the live workers of all functions."""
    return [
        Worker(
            function=each["function"].split("-")[1],
            pid=each["pid"],
            is_busy=each["inUse"],
            seconds=_seconds(each["pid"]),
        )
        for each in httpx.get(f"{aws_endpoint}{WORKERS_PATH}").raise_for_status().json()
    ]


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS


def spent(before: Sequence[Worker], after: Sequence[Worker]) -> dict[str, float]:
    """Returns the processor seconds used between two readings, by function. Only workers that are
    in both readings count, so the time that a worker needs to start is not included."""
    earlier = {worker.pid: worker.seconds for worker in before}
    found: dict[str, float] = {}
    for worker in after:
        if worker.pid in earlier:
            took = worker.seconds - earlier[worker.pid]
            found[worker.function] = found.get(worker.function, 0.0) + took
    return found
