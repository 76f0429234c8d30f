"""Decides whether an event passes its trigger's filter."""

from collections.abc import Mapping
from typing import Any

from runledger.errors import NodeError
from runledger.nodes.condition import ConditionConfig, GroupConfig


def holds(rule: ConditionConfig, scope: Mapping[str, Any]) -> bool:
    """Whether a rule holds for an event. Senders send events of many shapes to one address, so a
    rule about a value that is missing, or that cannot be compared, does not hold."""
    if isinstance(rule, GroupConfig):
        decided = any if rule.kind == "ANY" else all
        return decided(holds(each, scope) for each in rule.conditions)
    try:
        return bool(rule.verdict(scope, None)["verdict"])
    except NodeError:
        return False
