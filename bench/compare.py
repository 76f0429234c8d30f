"""Compares the processor time of runs on two running stacks, such as two versions of the code:

    python -m bench.compare OLD_STATE_DIR NEW_STATE_DIR [--pairs 4] [--runs 100] [--warm-up 100]

Both stacks get the same five-node automation and the same events, in alternating batches, so that
the load of the machine affects both alike. Prints the milliseconds of user and system time that the
workers of each function spent per run. Functions that only answer this script's own requests, and
functions that run on a schedule, are left out.
"""

import argparse
import json
import statistics
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.processor_time import Worker, spent, workers
from local.settings import DEFAULT_USER, PASSWORD
from local.sign_in import access_token
from tests.emulator.orders import demo_service, five_nodes, template

_NOT_OF_RUNS = frozenset({"Api", "Query", "Tick"})
_POLL_SECONDS = 0.2
# The stream's readers have followed a run when no worker was busy for so long.
_QUIET_SECONDS = 2
_LIMIT_SECONDS = 300
# Events a minute: more than a batch has.
_RATE_LIMIT = 6_000

Event = dict[str, Any]


@dataclass
class Side:
    """One stack and its measurements: for each function, the milliseconds per run in each batch."""

    name: str
    url: str
    aws_endpoint: str
    api: httpx.Client
    hook: str
    batches: list[dict[str, float]] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, state_dir: Path) -> "Side":
        """Activates the automation on the stack with this state directory."""
        note = json.loads((state_dir / "local.json").read_text())
        token = access_token(note["url"], DEFAULT_USER, PASSWORD)
        headers = {"Authorization": f"Bearer {token}"}
        api = httpx.Client(base_url=note["url"], headers=headers, timeout=60)
        mail = template(api, "Your score: {{steps.score.score}}")
        document = five_nodes(f"{demo_service(api)}/score", mail)
        document["nodes"][0]["config"]["rateLimitPerMinute"] = _RATE_LIMIT
        made = api.post("/v1/automations", json=document)
        path = f"/v1/automations/{made.raise_for_status().json()['id']}"
        active = api.post(f"{path}/activate").raise_for_status().json()
        return cls(name, note["url"], note["awsEndpoint"], api, active["webhook"]["path"])

    def run(self, events: Sequence[Event]) -> None:
        """Fires the events one after the other. Waits until all runs have completed and the
        functions that read the stream have processed them. Raises RuntimeError if a run ended in
        another way, or did not end in time."""
        with httpx.Client(timeout=60) as sender:
            answers = [sender.post(self.url + self.hook, json=event) for event in events]
        for answer in answers:
            self._await_end(answer.raise_for_status().json()["runId"])
        self._await_quiet()

    def measure(self, events: Sequence[Event]) -> None:
        before = self._workers()
        self.run(events)
        took = spent(before, self._workers())
        self.batches.append({name: 1_000 * s / len(events) for name, s in sorted(took.items())})

    def milliseconds(self) -> list[float]:
        return [sum(batch.values()) for batch in self.batches]

    def _await_end(self, run_id: str) -> None:
        deadline = time.monotonic() + _LIMIT_SECONDS
        while time.monotonic() < deadline:
            status = self.api.get(f"/v1/runs/{run_id}").raise_for_status().json()["status"]
            if status == "COMPLETED":
                return
            if status not in ("PENDING", "RUNNING"):
                raise RuntimeError(f"{self.name}: {run_id} is {status}")
            time.sleep(_POLL_SECONDS)
        raise RuntimeError(f"{self.name}: {run_id} did not end")

    def _await_quiet(self) -> None:
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _QUIET_SECONDS:
            time.sleep(_POLL_SECONDS)
            if any(worker.is_busy for worker in self._workers()):
                quiet_since = time.monotonic()

    def _workers(self) -> list[Worker]:
        return [each for each in workers(self.aws_endpoint) if each.function not in _NOT_OF_RUNS]


def _events(count: int) -> list[Event]:
    batch = uuid.uuid4().hex
    return [
        {"orderId": f"{batch}-{n}", "total": 150, "customer": {"email": "ada@customer.example"}}
        for n in range(count)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.compare")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--warm-up", type=int, default=100)
    options = parser.parse_args(arguments)
    sides = [Side.of("old", options.old), Side.of("new", options.new)]
    for side in sides:
        side.run(_events(options.warm_up))
    for pair in range(options.pairs):
        events = _events(options.runs)
        for side in sides if pair % 2 == 0 else reversed(sides):
            side.measure(events)
            parts = ", ".join(f"{name} {ms:.1f}" for name, ms in side.batches[-1].items())
            print(f"pair {pair + 1} {side.name} {side.milliseconds()[-1]:6.1f} ms: {parts}")
    old, new = (statistics.fmean(side.milliseconds()) for side in sides)
    print(f"old {old:.1f} ms, new {new:.1f} ms a run, ratio {new / old:.3f}")


if __name__ == "__main__":
    main()
