"""The metrics that runs leave in the log."""

import json
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
from runledger.clock import HOUR, MINUTE
from runledger.compiler.prices import LINE_BYTES
from runledger.observability import logger

from tests.functional.test_follow import Following, deletes_objects, publishes
from tests.support.boundary import Call
from tests.support.every_node import everything, make_template
from tests.support.graphs import calls_after_a_wait
from tests.support.simulation import Simulation

Key = tuple[str, ...]
# CloudWatch adds 26 bytes to each line, and a request id is a UUID:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutLogEvents.html
EVENT_BYTES, REQUEST_ID_BYTES = 26, 36


@dataclass
class Log:
    """The metrics in the log lines read so far: counts and durations. A key is the metric's name
    and the values of its dimensions, without the dimension `Stack`."""

    capsys: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture
    counts: Counter[Key] = field(default_factory=Counter)
    durations: dict[Key, list[int]] = field(default_factory=dict)

    def read(self) -> "Log":
        printed = self.capsys.readouterr().out.splitlines()
        self._read([json.loads(line) for line in printed if line.startswith('{"_aws"')])
        self._read([vars(each) for each in self.caplog.records if hasattr(each, "_aws")])
        self.caplog.clear()
        return self

    def _read(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            ((stack, *names),) = directive["Dimensions"]
            assert stack == "Stack"
            (metric,) = directive["Metrics"]
            key = (metric["Name"], *(line[name] for name in names))
            if metric["Unit"] == "Count":
                self.counts[key] += sum(line[metric["Name"]])
            else:
                self.durations.setdefault(key, []).extend(line[metric["Name"]])


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Log:
    caplog.set_level("INFO", logger="runledger")
    return Log(capsys, caplog)


def fire(simulation: Simulation, graph: dict[str, Any], body: dict[str, Any]) -> str:
    path = simulation.webhook_path(simulation.activate(graph))
    opened = simulation.request("webhook_in", "POST", path, body)
    assert opened["status"] == 202
    return str(opened["body"]["runId"])


ORDER = {"orderId": "A-1", "total": 150, "plan": "pro", "customer": {"email": "ada@b.example"}}


def test_a_run_its_steps_and_its_message_are_measured(simulation: Simulation, log: Log) -> None:
    run_id = fire(simulation, everything(make_template(simulation)), ORDER)
    simulation.settle()
    log.read()
    assert log.counts == {
        ("Runs", "PENDING"): 1,
        ("Runs", "RUNNING"): 1,
        ("Runs", "COMPLETED"): 1,
        ("Deliveries", "EMAIL", "SENT"): 1,
        # All nodes except the one that fails runs.
        ("Steps",): 10,
    }
    (run,) = [row for row in simulation.runs() if row["pk"].endswith(run_id)]
    assert log.durations == {
        ("StartDelay",): [run["startedAt"] - int(run["createdKey"].partition("#")[0])]
    }


def test_a_failed_node_is_no_fault_of_the_engine(simulation: Simulation, log: Log) -> None:
    fire(simulation, everything(make_template(simulation)), {**ORDER, "total": 1})
    simulation.settle()
    log.read()
    assert log.counts["Runs", "FAILED"] == 1
    assert log.counts["Steps",] == 3
    assert ("EngineFailures",) not in log.counts


def test_the_lines_of_a_run_are_no_longer_than_their_price_assumes(
    simulation: Simulation, caplog: pytest.LogCaptureFixture
) -> None:
    """The line that ends the run is the longest one, because it contains the run's steps."""
    formatter = logger.registered_formatter
    caplog.set_level("INFO", logger="runledger")
    with patch.object(caplog.handler, "emit", wraps=caplog.handler.emit) as emit:
        fire(simulation, everything(make_template(simulation)), ORDER)
        simulation.settle()
    lines = [formatter.format(call.args[0]) for call in emit.call_args_list]
    found = [json.loads(line) for line in lines]
    of_run = [
        len(line) + EVENT_BYTES + REQUEST_ID_BYTES - len(each["requestId"])
        for line, each in zip(lines, found, strict=True)
        if each["message"] in ("event received", "walked")
    ]
    assert len(of_run) == 11
    *others, ending = of_run
    assert [each["message"] for each in found if "Steps" in each] == ["walked"]
    assert ending > max(others)
    # Of five nodes, as the price is calculated.
    assert statistics.mean([*[statistics.mean(others)] * 5, ending]) <= LINE_BYTES


def test_a_run_without_room_is_handed_back_and_then_fails_by_the_engine(
    simulation: Simulation, log: Log
) -> None:
    simulation.no_room["run_integration"] = 10_000
    fire(simulation, calls_after_a_wait(), {})
    simulation.settle()
    log.read()
    assert log.counts["RunsHandedBack",] >= 5
    assert log.counts["Runs", "FAILED"] == log.counts["EngineFailures",] == 1


def test_a_skipped_wait_is_not_handed_back(simulation: Simulation, log: Log) -> None:
    run_id = fire(simulation, calls_after_a_wait(), {})
    simulation.run_until(simulation.clock.now + MINUTE)
    simulation.request("api", "POST", f"/v1/runs/{run_id}/skip-wait", None)
    simulation.settle()
    log.read()
    assert log.counts["Runs", "COMPLETED"] == 1
    assert ("RunsHandedBack",) not in log.counts


def test_refused_starts_are_measured_each(simulation: Simulation, log: Log) -> None:
    until = simulation.clock.now + HOUR
    refused: list[str] = []

    def refuses(workspace_id: str) -> str | None:
        if simulation.clock.now >= until:
            return None
        refused.append(workspace_id)
        return "ThrottlingException"

    simulation.step_functions.refuses = refuses
    fire(simulation, calls_after_a_wait(), {})
    simulation.settle()
    log.read()
    assert log.counts["StartsRefused",] == len(refused) > 1
    assert log.counts["Runs", "COMPLETED"] == 1
    assert log.durations["StartDelay",][0] >= HOUR


@pytest.mark.parametrize(
    ("refused", "measured"),
    [(publishes, set()), (deletes_objects, {"PENDING", "RUNNING", "COMPLETED"})],
)
def test_records_that_come_again_are_measured_once(
    refused: Callable[[Call], bool], measured: set[str], log: Log
) -> None:
    following = Following()
    following.refused = refused
    again = following.follow()
    assert again is not None
    log.read()
    assert {status for name, *(status,) in log.counts if name == "Runs"} == measured
    following.refused = lambda call: False
    following.records = following.records[again:]
    assert following.follow() is None
    log.read()
    assert log.counts == {("Runs", status): 1 for status in ("PENDING", "RUNNING", "COMPLETED")}
