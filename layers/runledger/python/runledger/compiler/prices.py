"""Prices of AWS, and the price of a million runs.

Prices are on demand, in us-east-1, in dollars. The durations are constants here, so that a price
depends only on the graph; `make bench` prints measured durations next to them. SES, storage and
data transfer are not included.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from runledger.models.automation import MachineType

READ_ON = "2026-11-29"
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million units."""

    dollars: float
    source: str


PRICES = {
    "write unit": Price(0.625, "https://aws.amazon.com/dynamodb/pricing/on-demand/"),
    "read unit": Price(0.125, "https://aws.amazon.com/dynamodb/pricing/on-demand/"),
    # Lambda reads the table's stream without a charge.
    "stream read": Price(0.0, "https://aws.amazon.com/dynamodb/pricing/on-demand/"),
    "invocation": Price(0.20, "https://aws.amazon.com/lambda/pricing/"),
    # On arm64.
    "GB-second": Price(13.3334, "https://aws.amazon.com/lambda/pricing/"),
    "HTTP API request": Price(1.00, "https://aws.amazon.com/api-gateway/pricing/"),
    "Express request": Price(1.00, "https://aws.amazon.com/step-functions/pricing/"),
    "Express GB-second": Price(16.67, "https://aws.amazon.com/step-functions/pricing/"),
    "Standard transition": Price(25.00, "https://aws.amazon.com/step-functions/pricing/"),
    "custom event": Price(1.00, "https://aws.amazon.com/eventbridge/pricing/"),
    # $0.50 for a GB.
    "log byte": Price(0.0005, "https://aws.amazon.com/cloudwatch/pricing/"),
    "trace": Price(5.00, "https://aws.amazon.com/xray/pricing/"),
}

# Milliseconds of an invocation besides its requests, of a request to AWS, of a partner's answer.
INVOCATION_MS = 10
REQUEST_MS = 4
PARTNER_MS = 50
# The functions' memory, as template.yaml sets it.
MEMORY_GB = 1.0
# Express is billed by 64 MB and by 100 ms.
EXPRESS_GB = 0.0625
EXPRESS_STEP_MS = 100
# A log line with the 26 bytes that CloudWatch adds to each.
LINE_BYTES = 380
# Readers of the stream work in batches. This is their share in one run at ten runs a second: Lambda
# polls a shard four times a second, and FollowChanges collects for a second.
BATCHED_INVOCATIONS = 0.5
BATCHED_MS = 20


@dataclass(frozen=True, slots=True)
class RunCost:
    """What one run uses. `in_a_row` is how many requests to AWS follow one another; requests that
    are sent at the same time count as one. `transitions` are those of a Standard machine."""

    writes: float
    reads: float
    in_a_row: int
    invocations: int
    transitions: int = 0
    partner_calls: int = 1
    log_lines: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One line in the price of a million runs: the name of a price, and how many of its units one
    run uses."""

    name: str
    amount: float

    @property
    def dollars(self) -> float:
        return self.amount * PRICES[self.name].dollars


def items_of(cost: RunCost, machine_type: MachineType, *, is_traced: bool = False) -> list[Item]:
    """Returns what a run on a machine of this type uses."""
    busy = cost.invocations * INVOCATION_MS + cost.in_a_row * REQUEST_MS
    busy += cost.partner_calls * PARTNER_MS
    found = [
        Item("write unit", cost.writes),
        Item("read unit", cost.reads),
        Item("invocation", cost.invocations + BATCHED_INVOCATIONS),
        Item("GB-second", (busy + BATCHED_MS) / 1_000 * MEMORY_GB),
        Item("HTTP API request", 1),
        Item("log byte", cost.log_lines * LINE_BYTES),
        Item("custom event", cost.events),
    ]
    if is_traced:
        # One begins with the webhook, one with the stream.
        found.append(Item("trace", 2))
    if machine_type is MachineType.STANDARD:
        return [*found, Item("Standard transition", cost.transitions)]
    billed = -(-busy // EXPRESS_STEP_MS) * EXPRESS_STEP_MS
    return [
        *found,
        Item("Express request", 1),
        Item("Express GB-second", billed / 1_000 * EXPRESS_GB),
    ]


def dollars(items: Iterable[Item]) -> float:
    """Returns the price of a million runs."""
    return sum(item.dollars for item in items)
