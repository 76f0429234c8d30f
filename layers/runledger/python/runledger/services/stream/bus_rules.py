"""Finds which events have listeners: the enabled rules on the stack's event bus.

A custom event costs as much as eight reads, and without a rule no service receives it. An archive
or a target in another account is a rule as well. An event is omitted only if no rule can match it;
parts of a pattern that this module does not understand count as matching:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import SECOND, Clock
from runledger.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

# A new rule receives events after this time at the latest.
KNOWN_FOR = 5 * SECOND
_EVERYTHING: Mapping[str, Any] = {}


@dataclass(slots=True)
class BusRules:
    """The rules of the bus, which each process reads every KNOWN_FOR milliseconds."""

    events: "EventBridgeClient"
    bus: str
    clock: Clock
    _patterns: Sequence[Mapping[str, Any]] = field(default=(), init=False)
    _known_until: int = field(default=0, init=False)

    def may_match(self, event: Mapping[str, Any]) -> bool:
        """Whether a rule may match an event with these fields: `source`, `detail-type`,
        `detail`."""
        return any(_may_match(pattern, event) for pattern in self._read())

    def _read(self) -> Sequence[Mapping[str, Any]]:
        now = self.clock()
        if now >= self._known_until:
            self._patterns = self._list()
            self._known_until = now + KNOWN_FOR
        return self._patterns

    def _list(self) -> list[Mapping[str, Any]]:
        """Returns the patterns of the enabled rules. If the rules cannot be read, returns one
        pattern that matches every event, so that no event is omitted."""
        found: list[Mapping[str, Any]] = []
        start: Any = {}
        try:
            while True:
                page = self.events.list_rules(EventBusName=self.bus, **start)
                found += [
                    json.loads(rule["EventPattern"])
                    for rule in page["Rules"]
                    if rule["State"] != "DISABLED" and "EventPattern" in rule
                ]
                if not page.get("NextToken"):
                    return found
                start = {"NextToken": page["NextToken"]}
        except AWS_ERRORS as error:
            reason = domain_error(error).for_log()
            logger.warning("the rules of the event bus could not be read", extra={"reason": reason})
            return [_EVERYTHING]


def _may_match(pattern: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether every field that the pattern names may have a value that it accepts. A field that is
    not known here may have any value."""
    return all(
        _may_have(wanted, fields[name]) for name, wanted in pattern.items() if name in fields
    )


def _may_have(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        return not isinstance(value, Mapping) or _may_match(wanted, value)
    is_exact = isinstance(wanted, Sequence) and not any(
        isinstance(each, Mapping) for each in wanted
    )
    if not is_exact or isinstance(value, (list, Mapping)):
        return True
    return value in wanted
