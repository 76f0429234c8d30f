"""Measures n8n and the local stack side by side (`make bench-peers`).

Both sides run on this machine all the time, but only one of them is measured at a time. Both get
the same events from the same client, and call the same HTTP service. The exit code is 1 if
`--check` is given and a limit is missed. Otherwise it is 0, whatever was measured.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.peers import document, n8n
from bench.peers.client import Sent, events, send_by_clients, send_evenly
from bench.peers.figures import (
    ANSWER_P50,
    ANSWER_P95,
    BYTES,
    PAGES,
    PROCESSOR,
    RATES,
    RUN_P50,
    RUN_P95,
    Name,
    Results,
    percentile,
    table,
)
from bench.peers.processes import await_quiet
from bench.peers.runledger_side import running_stack
from bench.peers.sides import Ended, Side
from local.settings import HOST, ROOT
from tests.support.stack import free_ports

# The clients whose runs also give the processor time.
_USUAL_CLIENTS = 8
_PAGE_ROWS = 50
# Pages that are asked for before the first one is measured, so that caches are filled.
_WARM_PAGES = 5
_LIMIT_SECONDS = 180


@dataclass(frozen=True)
class Sizes:
    """How much is measured in a pass."""

    passes: int = 3
    low: int = 15
    every_seconds: float = 0.8
    loaded: int = 100
    warm_up: int = 80
    pages: int = 20


class Bench:
    def __init__(self, sides: Mapping[Name, Side], sizes: Sizes) -> None:
        self._sides = sides
        self._sizes = sizes
        self.results = Results()

    def measure(self) -> None:
        begun = time.monotonic()
        for side in self._sides.values():
            warm = events(self._sizes.warm_up)
            _run(side, send_by_clients(side.hook, warm, max(RATES)))
        before = {name: side.stored_bytes() for name, side in self._sides.items()}
        for number in range(self._sizes.passes):
            for name, side in self._in_turn(number):
                self._low_load(name, side)
            for clients in RATES:
                for name, side in self._in_turn(number):
                    self._load(name, side, clients)
            print(f"pass {number + 1} after {time.monotonic() - begun:.0f} s", flush=True)
        runs = self._sizes.passes * (self._sizes.low + len(RATES) * self._sizes.loaded)
        for name, side in self._sides.items():
            self.results.add(BYTES, name, (side.stored_bytes() - before[name]) / runs)
        self._history()

    def _in_turn(self, number: int) -> Sequence[tuple[Name, Side]]:
        sides = list(self._sides.items())
        return sides if number % 2 == 0 else sides[::-1]

    def _low_load(self, name: Name, side: Side) -> None:
        batch = events(self._sizes.low)
        sent = send_evenly(side.hook, batch, self._sizes.every_seconds)
        finished, _ = _run(side, sent)
        took = [ended - each.at for each, ended in zip(sent, finished, strict=True)]
        self.results.add(ANSWER_P50, name, percentile([each.took for each in sent], 50))
        self.results.add(ANSWER_P95, name, percentile([each.took for each in sent], 95))
        self.results.add(RUN_P50, name, percentile(took, 50))
        self.results.add(RUN_P95, name, percentile(took, 95))

    def _load(self, name: Name, side: Side, clients: int) -> None:
        batch = events(self._sizes.loaded)
        before = side.processor_seconds()
        sent = send_by_clients(side.hook, batch, clients)
        finished, after = _run(side, sent)
        self.results.add(RATES[clients], name, completed_a_second(sent, finished))
        if clients == _USUAL_CLIENTS:
            self.results.add(PROCESSOR, name, 1_000 * (after - before) / len(batch))

    def _history(self) -> None:
        for runs, figure in PAGES.items():
            for name, side in self._sides.items():
                begun = time.monotonic()
                side.fill(runs)
                print(f"{name}: {runs:,} runs after {time.monotonic() - begun:.0f} s", flush=True)
                for _ in range(_WARM_PAGES):
                    side.history_page(_PAGE_ROWS)
                await_quiet(side.processor_seconds)
            for number in range(self._sizes.passes):
                for name, side in self._in_turn(number):
                    times = [side.history_page(_PAGE_ROWS) for _ in range(self._sizes.pages)]
                    self.results.add(figure, name, percentile(times, 50))


def completed_a_second(sent: Sequence[Sent], finished: Sequence[float]) -> float:
    """Returns the runs a second from the first event to the end of the last run."""
    took = max(finished) - min(each.at for each in sent)
    return 1_000 * len(finished) / took


def _run(side: Side, sent: Sequence[Sent]) -> tuple[list[float], float]:
    """Waits until all runs have finished and the side is quiet. Returns the time at which each run
    finished, oldest run first, and the processor seconds that the side has used so far. Asks for
    the runs only when the side is quiet, because asking earlier would take processor time from the
    runs."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        seconds = await_quiet(side.processor_seconds)
        ended = side.ended(len(sent))
        finished = _finished(ended)
        if len(finished) == len(sent):
            return finished, seconds
    raise TimeoutError(f"{len(finished)} of {len(sent)} runs had finished")


def _finished(ended: Sequence[Ended]) -> list[float]:
    return [each.finished_at for each in ended if each.finished_at is not None]


@contextmanager
def _partner() -> Iterator[str]:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "bench.peers.partner", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
    url = f"http://{HOST}:{port}"
    try:
        deadline = time.monotonic() + 30
        while not _answers(url):
            if time.monotonic() > deadline:
                raise TimeoutError("the partner's service did not start")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.post(f"{url}/mail", json={"orderId": "first"}).is_success
    except httpx.TransportError:
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--passes", type=int, default=Sizes.passes)
    parser.add_argument("--loaded", type=int, default=Sizes.loaded, help="events at each load")
    parser.add_argument("--check", action="store_true", help="fail if a limit is missed")
    parser.add_argument("--write", action="store_true", help="write the table into the docs")
    options = parser.parse_args(arguments)
    told = document.machine(*n8n.versions(), options.passes)
    with (
        tempfile.TemporaryDirectory() as ours,
        tempfile.TemporaryDirectory() as theirs,
        _partner() as partner,
    ):
        os.environ["RUNLEDGER_ALLOW_HOSTS"] = partner.removeprefix("http://")
        with (
            running_stack(Path(ours), max(PAGES)) as stack,
            n8n.running_n8n(Path(theirs)) as peer,
        ):
            stack.set_up(partner)
            peer.set_up(partner)
            sides: dict[Name, Side] = {Name.N8N: peer, Name.RUNLEDGER: stack}
            bench = Bench(sides, Sizes(passes=options.passes, loaded=options.loaded))
            bench.measure()
    lines = [told, "", *table(bench.results)]
    print(*lines, sep="\n")
    if options.write:
        document.write(lines)
    missed = bench.results.missed()
    print(f"missed limits: {', '.join(missed) or 'none'}")
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
