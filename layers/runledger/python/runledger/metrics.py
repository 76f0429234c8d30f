"""Our own metrics, written as log lines in CloudWatch's embedded metric format.

CloudWatch reads the metrics from the log, so no request to AWS is needed:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

AWS treats each combination of dimension values as a separate metric, and charges for each metric
while it receives values. So every dimension has a fixed set of values. Ids of workspaces,
automations and runs are never dimensions.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runledger.clock import Clock

NAMESPACE = "Runledger"
# The most values of one metric that CloudWatch reads from a line.
MOST_VALUES = 100
OTHER = "OTHER"
_COUNT, _MILLISECONDS = "Count", "Milliseconds"
_STATUSES = ("PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELED")
_CHANNELS = ("EMAIL", "SMS", "WHATSAPP")
_DELIVERY_STATUSES = ("SENT", "DELIVERED", "RETRYING", "FAILED", "DEAD_LETTERED", "SUPPRESSED")


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its name, its unit, and the values of its dimensions besides `Stack`."""

    name: str
    unit: str
    meaning: str
    dimensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


RUNS = Metric("Runs", _COUNT, "runs that reached a status", {"Status": _STATUSES})
START_DELAY = Metric(
    "StartDelay",
    _MILLISECONDS,
    "from the time at which a run should start until its execution took it",
)
STEPS = Metric("Steps", _COUNT, "steps of runs that completed or failed, when they end")
DELIVERIES = Metric(
    "Deliveries",
    _COUNT,
    "deliveries that reached a status",
    {"Channel": _CHANNELS, "Status": _DELIVERY_STATUSES},
)
ENGINE_FAILURES = Metric(
    "EngineFailures",
    _COUNT,
    "runs that failed by a fault of the engine or of AWS, not of their automation",
)
RUNS_HANDED_BACK = Metric(
    "RunsHandedBack",
    _COUNT,
    "runs that were taken from an execution that could not continue",
)
STARTS_REFUSED = Metric("StartsRefused", _COUNT, "starts that Step Functions refused for now")
METRICS = (RUNS, START_DELAY, STEPS, DELIVERIES, ENGINE_FAILURES, RUNS_HANDED_BACK, STARTS_REFUSED)


@dataclass(frozen=True, slots=True)
class Measure:
    """One value of a metric, with the values of its dimensions in the metric's order. A dimension's
    value that is not in its set counts as `OTHER`."""

    metric: Metric
    values: tuple[str, ...] = ()
    amount: int = 1


@dataclass(frozen=True, slots=True)
class MetricLog:
    """Writes the metrics of one stack, whose name is their dimension `Stack`."""

    stack: str
    clock: Clock

    def write(self, measures: Iterable[Measure]) -> None:
        """Writes measures in as few lines as possible: counts are added up, and one line has up to
        100 durations."""
        amounts: dict[tuple[str, tuple[str, ...]], tuple[Measure, list[int]]] = {}
        for each in measures:
            first, found = amounts.setdefault((each.metric.name, each.values), (each, []))
            found.append(each.amount)
        for first, found in amounts.values():
            if first.metric.unit == _COUNT:
                found = [sum(found)]
            for start in range(0, len(found), MOST_VALUES):
                fields = self._fields(first, found[start : start + MOST_VALUES])
                # Not by the logger: at LogLevel=ERROR there are metrics all the same.
                print(json.dumps(fields, separators=(",", ":")))

    def fields(self, measure: Measure) -> dict[str, Any]:
        """Returns the fields of a measure, to be added to another log line. This takes fewer bytes
        than a line of its own."""
        return self._fields(measure, [measure.amount])

    def _fields(self, measure: Measure, amounts: list[int]) -> dict[str, Any]:
        metric = measure.metric
        values = {
            name: value if value in known else OTHER
            for (name, known), value in zip(metric.dimensions.items(), measure.values, strict=True)
        }
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [["Stack", *values]],
            "Metrics": [{"Name": metric.name, "Unit": metric.unit}],
        }
        return {
            "_aws": {"Timestamp": self.clock(), "CloudWatchMetrics": [directive]},
            "Stack": self.stack,
            **values,
            metric.name: amounts,
        }
