"""Our own metrics: their form in the log, and the bounds of their dimensions."""

import json
import math
import re
from pathlib import Path

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics
from jsonschema import validate
from runledger.api.delivery_events import PUBLISHED
from runledger.channels.registry import CHANNEL_NAMES
from runledger.metrics import (
    DELIVERIES,
    METRICS,
    MOST_VALUES,
    NAMESPACE,
    OTHER,
    RUNS,
    START_DELAY,
    STEPS,
    Measure,
    MetricLog,
)
from runledger.models.run import ENGINE_KINDS, RunStatus
from runledger.services.execution import settle, watchdog
from runledger.services.runs import step_errors

DOCS = Path(__file__).parents[2] / "docs"
NOW = 1_795_338_070_000
LOG = MetricLog("my-stack", lambda: NOW)
# From the specification:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
_TEXT = {"type": "string", "minLength": 1, "maxLength": 1024}
SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": _TEXT,
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "maxItems": 30, "items": _TEXT},
                            },
                            "Metrics": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {"Name": _TEXT, "Unit": {"type": "string"}},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}
FULL = Measure(DELIVERIES, ("EMAIL", "SENT"))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "measure", [FULL, Measure(START_DELAY, amount=1_200), Measure(STEPS, amount=3)]
)
def test_a_line_is_what_powertools_writes(
    measure: Measure, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    LOG.write([measure])
    (ours,) = lines(capsys)
    validate(ours, SCHEMA)
    theirs = EphemeralMetrics(namespace=NAMESPACE)
    theirs.add_dimension("Stack", "my-stack")
    for name, value in zip(measure.metric.dimensions, measure.values, strict=True):
        theirs.add_dimension(name, value)
    theirs.add_metric(measure.metric.name, measure.metric.unit, measure.amount)
    wanted = theirs.serialize_metric_set()
    wanted["_aws"]["Timestamp"] = NOW
    assert ours == wanted
    assert LOG.fields(measure) == ours


def test_counts_are_added_up_and_durations_kept(capsys: pytest.CaptureFixture[str]) -> None:
    delays = [Measure(START_DELAY, amount=amount) for amount in range(MOST_VALUES + 5)]
    LOG.write([*delays, Measure(RUNS, ("FAILED",)), *[Measure(RUNS, ("COMPLETED",))] * 250])
    found = lines(capsys)
    assert [each["StartDelay"] for each in found if "StartDelay" in each] == [
        list(range(MOST_VALUES)),
        list(range(MOST_VALUES, MOST_VALUES + 5)),
    ]
    runs = {each["Status"]: each["Runs"] for each in found if "Runs" in each}
    assert runs == {"FAILED": [1], "COMPLETED": [250]}
    LOG.write([])
    assert lines(capsys) == []


def test_dimensions_are_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    LOG.write([Measure(DELIVERIES, ("PIGEON", "SENT"))])
    (line,) = lines(capsys)
    assert (line["Channel"], line["Status"]) == (OTHER, "SENT")
    series = sum(
        math.prod(len(values) for values in metric.dimensions.values()) for metric in METRICS
    )
    assert series == 28
    with pytest.raises(ValueError):
        LOG.write([Measure(DELIVERIES, ("EMAIL",))])


def test_the_dimensions_have_every_value_of_the_engine() -> None:
    assert set(RUNS.dimensions["Status"]) == set(RunStatus)
    assert set(DELIVERIES.dimensions["Channel"]) == set(CHANNEL_NAMES)
    assert set(DELIVERIES.dimensions["Status"]) == PUBLISHED


def test_every_error_of_the_engine_itself_counts_as_its_failure() -> None:
    of_nodes = {kind for kind, _ in {**step_errors._KINDS, "": step_errors._INTERNAL}.values()}
    of_nodes |= {kind for kind, _ in step_errors._KINDS_BY_HANDLING.values()}
    of_executions = {kind for kind, _ in settle._EVENT_KINDS.values()}
    written = set()
    for module in settle, watchdog:
        source = Path(str(module.__file__)).read_text()
        written |= set(re.findall(r'"([A-Z]{2,}_[A-Z]+|OVERDUE|STALLED)"', source))
    assert of_nodes | of_executions | written - {"TIMED_OUT"} <= ENGINE_KINDS
    assert of_nodes | of_executions | written >= ENGINE_KINDS


def test_the_docs_describe_every_metric() -> None:
    page = (DOCS / "operations.md").read_text()
    section = page.split("### Metrics\n")[1].split("\n### ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE))
    assert {name: text.strip() for name, text in rows.items()} == {
        metric.name: metric.meaning for metric in METRICS
    }
