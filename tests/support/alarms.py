"""CloudWatch alarms of the template, evaluated as CloudWatch does.

A series has one value for each period of the evaluation range, oldest first; None is a period
without data. CloudWatch retrieves more periods than `EvaluationPeriods`, and uses missing ones only
as far as it must:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Series = Sequence[float | None]


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT = "INSUFFICIENT_DATA"


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class MetricUse:
    """A metric that an alarm reads. Dimensions are as the template writes them."""

    namespace: str
    name: str
    dimensions: Mapping[str, Any]
    statistic: str


def metrics_of(alarm: Mapping[str, Any]) -> dict[str, MetricUse]:
    """Returns the metrics that an alarm reads, by id. `alarm` has the alarm's properties. If they
    name a single metric without an id, its id is `metric`."""
    if "MetricName" in alarm:
        stat = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        return {"metric": _use(alarm, stat)}
    return {
        each["Id"]: _use(each["MetricStat"]["Metric"], each["MetricStat"]["Stat"])
        for each in alarm["Metrics"]
        if "MetricStat" in each
    }


def _use(metric: Mapping[str, Any], statistic: str) -> MetricUse:
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
    return MetricUse(metric["Namespace"], metric["MetricName"], dimensions, statistic)


def state_of(
    alarm: Mapping[str, Any], series: Mapping[str, Series], before: State = State.OK
) -> State:
    """Returns the state that these values lead to. `series` has the values of each metric, by its
    id; `before` is the state so far."""
    if "MetricName" in alarm:
        values = series["metric"]
    else:
        (expression,) = (each["Expression"] for each in alarm["Metrics"] if each.get("ReturnData"))
        values = _Math(series).value(expression)
    is_breaching = _COMPARISONS[alarm["ComparisonOperator"]]
    threshold = float(alarm["Threshold"])
    points = [None if value is None else is_breaching(value, threshold) for value in values]
    return _evaluate(
        points,
        alarm["EvaluationPeriods"],
        alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
        alarm.get("TreatMissingData", "missing"),
        before,
    )


def _evaluate(
    points: Sequence[bool | None], periods: int, to_alarm: int, missing: str, before: State
) -> State:
    """Evaluates data points, each of them breaching, not breaching or missing."""
    found = [point for point in points if point is not None]
    if len(found) >= periods:
        return _state(sum(found[-periods:]) >= to_alarm)
    lacking = periods - len(found)
    if missing == "breaching":
        return _state(sum(found) + lacking >= to_alarm)
    if missing == "notBreaching" or sum(found) >= to_alarm:
        return _state(sum(found) >= to_alarm)
    if False in found:
        return State.OK
    if missing == "ignore":
        return before
    # Only breaching points: an alarm, unless they are too new to be sure.
    age = len(points) - points.index(True) if found else 0
    return State.ALARM if age > to_alarm else State.INSUFFICIENT


def _state(is_breaching: bool) -> State:
    return State.ALARM if is_breaching else State.OK


class _Math:
    """Metric math, as far as the template's expressions use it. In arithmetic and comparisons, a
    missing value counts as 0 if the other value is there. A division by zero gives no value."""

    def __init__(self, series: Mapping[str, Series]) -> None:
        self._series = {name: list(values) for name, values in series.items()}
        (self._length,) = {len(values) for values in self._series.values()}

    def value(self, expression: str) -> Series:
        values = self._of(ast.parse(expression, mode="eval").body)
        if not isinstance(values, list) or any(isinstance(value, list) for value in values):
            raise ValueError(f"{expression} is not one series")
        return values

    def _of(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self._series[name]
            case ast.BinOp(left=left, op=op, right=right):
                return self._combine(_ARITHMETIC[type(op)], self._of(left), self._of(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._combine(_ORDER[type(op)], self._of(left), self._of(right))
            case ast.Call(func=ast.Name(id="METRICS"), args=[]):
                return list(self._series.values())
            case ast.Call(func=ast.Name(id="SUM"), args=[inner]):
                return [_sum(values) for values in zip(*self._of(inner), strict=True)]
            case ast.Call(func=ast.Name(id="MAX"), args=[inner]):
                return [_max(values) for values in zip(*self._of(inner), strict=True)]
            case ast.Call(func=ast.Name(id="FILL"), args=[inner, filler]):
                return _filled(self._of(inner), self._of(filler))
            case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
                chosen = zip(
                    self._of(condition), self._all(then), self._all(otherwise), strict=True
                )
                return [yes if is_so else no for is_so, yes, no in chosen]
        raise ValueError(f"this test does not know {ast.unparse(node)}")

    def _all(self, node: ast.expr) -> list[float | None]:
        value = self._of(node)
        return value if isinstance(value, list) else [value] * self._length

    def _combine(self, act: Callable[[float, float], float], left: Any, right: Any) -> Any:
        lefts = left if isinstance(left, list) else [left] * self._length
        rights = right if isinstance(right, list) else [right] * self._length
        return [
            _applied(act, *pair, is_absent=_is_absent(left, right, pair))
            for pair in zip(lefts, rights, strict=True)
        ]


def _is_absent(left: Any, right: Any, pair: tuple[float | None, float | None]) -> bool:
    """Whether all operands that are series lack a value at this time. Operands that are plain
    numbers are ignored."""
    sides = zip((left, right), pair, strict=True)
    return all(value is None for side, value in sides if isinstance(side, list))


def _applied(
    act: Callable[[float, float], float], a: float | None, b: float | None, *, is_absent: bool
) -> float | None:
    if is_absent:
        return None
    try:
        return float(act(a or 0.0, b or 0.0))
    except ZeroDivisionError:
        return None


def _sum(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def _max(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _filled(values: Any, filler: float) -> Any:
    if values and isinstance(values[0], list):
        return [_filled(each, filler) for each in values]
    return [filler if value is None else value for value in values]


_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_ORDER: dict[type[ast.cmpop], Callable[[float, float], float]] = {
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}
