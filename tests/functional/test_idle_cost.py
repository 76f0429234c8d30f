"""A stack at rest costs less than three dollars a month, and docs/costs.md says how much."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from runledger.compiler.prices import dollars
from runledger.models.automation import MachineType

from bench.counted_table import CountedTable
from bench.example_runs import cost_of, example
from bench.idle import (
    FREE_AMOUNTS,
    READERS,
    IdleItem,
    TickCost,
    UnknownCostError,
    idle_dollars,
    idle_items,
    lines,
    list_dollars,
)
from local.expand_template import expanded_template
from tests.functional.test_run_costs import price_of
from tests.support.engine import Engine
from tests.support.memory_table import MemoryTable

MOST_DOLLARS = 3.0
PAGE = Path(__file__).parents[2] / "docs" / "costs.md"


class Requests:
    """Counts the requests to a table."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._table, name)
        if not callable(found):
            return found

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return found(*args, **kwargs)

        return counted


def tick_cost() -> TickCost:
    """Returns what one tick costs in a stack with one workspace and no work."""
    requests = Requests(MemoryTable())
    table = CountedTable(requests)
    engine = Engine(1, table)
    requests.count, table.tally.reads, table.tally.writes = 0, 0.0, 0.0
    assert engine.due_work.settle_due(100) == 0
    settled = requests.count, table.tally.reads, table.tally.writes
    engine.pulses.send()
    return TickCost(*settled, pulses=table.tally.writes - settled[2])


@pytest.fixture(scope="module")
def tick() -> TickCost:
    with mock_aws():
        return tick_cost()


@pytest.fixture(scope="module")
def items(tick: TickCost) -> list[IdleItem]:
    return idle_items(expanded_template(), tick)


def test_a_stack_at_rest_costs_less_than_three_dollars(
    items: list[IdleItem], tick: TickCost, report_figure: Callable[[str], None]
) -> None:
    report_figure("\n".join(lines(items)))
    assert tick.reads > 0
    assert tick.pulses > READERS
    assert 0 < idle_dollars(items) < MOST_DOLLARS


def test_the_page_says_what_is_counted(items: list[IdleItem]) -> None:
    row = re.compile(r"^\| ([^|]+?) \| ([0-9.]+) \| ([0-9.]+) \|$", re.MULTILINE)
    told = {name: (alone, at_list) for name, alone, at_list in row.findall(PAGE.read_text())}
    counted = {each.name: (each.dollars, each.list_dollars) for each in items if each.amount}
    counted["in all"] = (idle_dollars(items), list_dollars(items))
    assert told == {name: tuple(f"{each:.2f}" for each in of) for name, of in counted.items()}


def test_the_page_says_what_a_million_runs_cost() -> None:
    counted = cost_of(example("five_nodes"))
    shown = f"**${dollars(price_of(counted, MachineType.EXPRESS)):.2f}**"
    assert f"A million five-node runs with one message cost {shown}," in PAGE.read_text()


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::EC2::NatGateway", {}),
        ("AWS::Scheduler::Schedule", {"ScheduleExpression": "rate(1 hour)"}),
        ("AWS::Lambda::Function", {"SnapStart": {"ApplyOn": "PublishedVersions"}}),
    ],
)
def test_a_resource_of_unknown_cost_is_noticed(
    tick: TickCost, kind: str, properties: dict[str, Any]
) -> None:
    template = with_resource(kind, properties)
    with pytest.raises(UnknownCostError):
        idle_items(template, tick)


@pytest.mark.parametrize(
    ("kind", "properties", "more"),
    [
        ("AWS::SecretsManager::Secret", {}, 0.40),
        ("AWS::KMS::Key", {}, 1.00),
        ("AWS::CloudWatch::Alarm", {}, 0.10),
        ("AWS::CloudWatch::Alarm", {"Metrics": [{"MetricStat": {}}] * 7}, 0.70),
    ],
)
def test_one_more_resource_raises_the_cost(
    items: list[IdleItem], tick: TickCost, kind: str, properties: dict[str, Any], more: float
) -> None:
    raised = idle_dollars(idle_items(with_resource(kind, properties), tick))
    assert raised - idle_dollars(items) == pytest.approx(more)


def test_resources_of_conditions_that_do_not_hold_cost_nothing(
    items: list[IdleItem], tick: TickCost
) -> None:
    template = with_resource("AWS::SecretsManager::Secret", {}, Condition="HasSms")
    assert idle_items(template, tick) == items


@pytest.mark.parametrize("name", FREE_AMOUNTS)
def test_free_amounts_are_subtracted_once(name: str) -> None:
    free = FREE_AMOUNTS[name]
    assert IdleItem(name, free).dollars == 0 < IdleItem(name, free).list_dollars
    assert IdleItem(name, 2 * free).dollars == pytest.approx(IdleItem(name, free).list_dollars)


def with_resource(kind: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    template = deepcopy(expanded_template())
    template["Resources"]["Added"] = {"Type": kind, "Properties": properties, **more}
    return template
