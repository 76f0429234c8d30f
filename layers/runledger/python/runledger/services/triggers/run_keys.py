"""Reads the keys of a run from its event."""

from typing import TYPE_CHECKING, Any

from runledger.models.run_keys import RunKey, key_value
from runledger.paths import read

if TYPE_CHECKING:
    from runledger.models.automation import Graph

_TRIGGER = "TRIGGER"


def run_keys(trigger: dict[str, Any], body: Any) -> tuple[RunKey, ...]:
    """Returns the keys of the run that an event opens. `trigger` is a trigger's config as it is
    stored."""
    declared = intake_of(trigger).get("keys") or ()
    values = [(each["name"], key_value(read(body, each["path"]))) for each in declared]
    return tuple(RunKey(name=name, value=value) for name, value in values if value is not None)


def keys_in_graph(graph: "Graph", body: Any) -> tuple[RunKey, ...]:
    """Returns the keys of a run of a version with this graph."""
    triggers = [node.config for node in graph.nodes if node.type == _TRIGGER]
    return run_keys(triggers[0], body) if triggers else ()


def intake_of(trigger: dict[str, Any]) -> dict[str, Any]:
    """Returns the part of a trigger's stored config that says how events are received. For a
    trigger that takes its date from events, this is its `source`; for any other, the config
    itself."""
    source = trigger.get("source")
    if isinstance(source, dict) and source.get("kind") == "WEBHOOK_PAYLOAD":
        return source
    return trigger
