"""CloudFormation: `AWS::CloudWatch::Alarm` on an expression, which the emulator refuses.

The alarm is stored with its expression, so that it can be described, but the emulator does not
evaluate it: tests/unit/test_alarms.py does.
"""

from typing import Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from local.patches import guard

Props = dict[str, Any]


def apply() -> None:
    # It sees an alarm without data points as one that it cannot evaluate.
    guard.expect(cloudwatch, "_evaluate_alarm", "a0b0acd3d432b711")
    guard.wrap(provisioners, "_cw_metric_alarm_record", "4565fcede1ebf266", _with_expression)


def _with_expression(make_record: Any) -> Any:
    def record(name: str, props: Props) -> Props:
        metrics = props.get("Metrics")
        if not metrics:
            plain: Props = make_record(name, props)
            return plain
        # The emulator needs one metric. No data point has this namespace.
        stored = {**props, "Namespace": "Expression", "MetricName": name}
        del stored["Metrics"]
        made: Props = make_record(name, stored)
        return {**made, "Metrics": metrics}

    return record
