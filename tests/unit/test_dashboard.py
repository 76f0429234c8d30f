"""The template's dashboard: it shows the essential alarms, and metrics that exist."""

import itertools
import json
import re
from typing import Any

import pytest
from runledger.metrics import METRICS, NAMESPACE

from tests.support.template import load_template
from tests.unit.test_alarms import ALARMS, DOCUMENTED, RESOURCES, is_essential

# A dashboard with at most 50 metrics is free, if it is one of the account's first three.
# https://aws.amazon.com/cloudwatch/pricing/
MOST_METRICS = 50
COLUMNS = 24
# Only shown: what is documented on the pages of their namespaces, as those of the alarms are.
SHOWN = {
    ("AWS/ApiGateway", "4xx"): ("ApiId",),
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): ("TableName",),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits"): ("TableName",),
    ("AWS/Lambda", "ConcurrentExecutions"): (),
}


def body() -> dict[str, Any]:
    """Returns the dashboard; a reference stays as the name of the resource."""
    text = load_template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    for name in re.findall(r"\$\{([^}]+)\}", text):
        assert name.startswith("AWS::") or name.partition(".")[0] in RESOURCES
    found: dict[str, Any] = json.loads(re.sub(r"\$\{([^}]+)\}", r"\1", text))
    return found


WIDGETS = body()["widgets"]
SERIES = [
    (widget["properties"]["title"], series)
    for widget in WIDGETS
    if widget["type"] == "metric"
    for series in widget["properties"]["metrics"]
]


def test_the_first_widget_shows_the_essential_alarms() -> None:
    first = min(WIDGETS, key=lambda widget: (widget["y"], widget["x"]))
    shown = first["properties"]["alarms"]
    assert sorted(shown) == sorted(f"{name}.Arn" for name in ALARMS if is_essential(name))
    assert first["type"] == "alarm"


def test_widgets_do_not_overlap() -> None:
    cells = [
        (widget["x"] + x, widget["y"] + y)
        for widget in WIDGETS
        for x, y in itertools.product(range(widget["width"]), range(widget["height"]))
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < COLUMNS


def parts(series: list[Any]) -> tuple[str, str, dict[str, str]]:
    """Returns namespace, name and dimensions of a metric of a widget."""
    texts = [part for part in series if isinstance(part, str)]
    assert all(isinstance(part, dict) for part in series[len(texts) :])
    namespace, name, *rest = texts
    return namespace, name, dict(zip(rest[::2], rest[1::2], strict=True))


@pytest.mark.parametrize(("title", "series"), SERIES)
def test_a_graph_shows_metrics_that_exist(title: str, series: list[Any]) -> None:
    if "expression" in series[0]:
        return
    namespace, name, dimensions = parts(series)
    if (namespace, name) in SHOWN:
        assert tuple(dimensions) == SHOWN[namespace, name]
        return
    assert frozenset(dimensions) in DOCUMENTED[namespace, name].dimensions
    own = {metric.name: metric for metric in METRICS}
    if namespace == NAMESPACE:
        known = own[name].dimensions
        assert all(dimensions[each] in known[each] for each in known)
        assert dimensions["Stack"] == "AWS::StackName"


def test_every_metric_of_ours_is_shown() -> None:
    shown = {parts(series)[1] for _, series in SERIES if series[0] == NAMESPACE}
    (search,) = [series[0]["expression"] for _, series in SERIES if "expression" in series[0]]
    found = re.fullmatch(
        r"SEARCH\(\'\{Runledger,Stack,Channel,Status\} MetricName=\"(\w+)\" "
        r"Stack=\"AWS::StackName\"\', \'Sum\', 60\)",
        search,
    )
    assert found is not None
    assert shown | {found[1]} == {metric.name for metric in METRICS}


def test_the_dashboard_is_free() -> None:
    (deliveries,) = [metric for metric in METRICS if metric.name == "Deliveries"]
    statuses = deliveries.dimensions["Status"]
    named = {json.dumps(parts(series)) for _, series in SERIES if isinstance(series[0], str)}
    # The search finds the statuses of the channels in use: of e-mail and one more.
    assert len(named) + 2 * len(statuses) <= MOST_METRICS
