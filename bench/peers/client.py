"""The sender of both sides: the same events, one after the other or by several clients at once."""

import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

_TIMEOUT_SECONDS = 60
# Events come from so many customers.
_CUSTOMERS = 20

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """One answered event: when it was sent, in milliseconds since 1970, and the milliseconds until
    its answer."""

    at: float
    took: float


def events(count: int) -> list[Event]:
    """Returns events about orders. Every order has a new id, and the customers are always the same
    few."""
    batch = uuid.uuid4().hex
    return [
        {
            "orderId": f"{batch}-{number}",
            "total": 150,
            "customer": {"email": f"customer-{number % _CUSTOMERS}@customer.example"},
        }
        for number in range(count)
    ]


def send_evenly(url: str, batch: Sequence[Event], every_seconds: float) -> list[Sent]:
    """Sends one event every `every_seconds`: a low load, at which each run has the machine to
    itself. An event waits for the answer to the one before it."""
    found: list[Sent] = []
    with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
        begun = time.monotonic()
        for place, event in enumerate(batch):
            time.sleep(max(0.0, begun + place * every_seconds - time.monotonic()))
            found.append(_send(client, url, event))
    return found


def send_by_clients(url: str, batch: Sequence[Event], clients: int) -> list[Sent]:
    """Sends all events as fast as they are answered. Each client has its own connection and waits
    for its answer before it sends the next event."""
    left, lock = iter(batch), threading.Lock()

    def work() -> list[Sent]:
        found: list[Sent] = []
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
            while True:
                with lock:
                    event = next(left, None)
                if event is None:
                    return found
                found.append(_send(client, url, event))

    with ThreadPoolExecutor(clients) as pool:
        workers = [pool.submit(work) for _ in range(clients)]
        return [sent for worker in workers for sent in worker.result()]


def _send(client: httpx.Client, url: str, event: Event) -> Sent:
    at, begun = time.time() * 1_000, time.perf_counter()
    client.post(url, json=event).raise_for_status()
    return Sent(at, (time.perf_counter() - begun) * 1_000)
