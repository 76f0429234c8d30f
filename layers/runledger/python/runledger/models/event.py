"""The event that opens a run, for every type of trigger."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from runledger.clock import optional_iso
from runledger.models.base import Model, WireModel
from runledger.models.rerun import RerunFacts
from runledger.models.run import TriggerType

# The largest event of one run, in bytes, for every trigger.
MAX_EVENT_BYTES = 1_000_000
# The names that texts read after `event.`.
EVENT_FIELDS = ("body", "headers", "query", "type", "id", "receivedAt")

_Text = Annotated[str, StringConstraints(max_length=4_000)]


class HeaderValues(dict[str, str]):
    """Header values by name. Looking up a name ignores case (RFC 9110, section 5.1)."""

    def __missing__(self, name: str) -> str:
        wanted = name.lower()
        for known, value in self.items():
            if known.lower() == wanted:
                return value
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


class EventFacts(WireModel):
    """The facts about an event that its request contains besides the body."""

    headers: dict[str, _Text] = Field(
        default_factory=dict,
        max_length=100,
        description="The headers that the trigger keeps: `{{event.headers.Name}}`.",
    )
    query: dict[str, _Text] = Field(
        default_factory=dict,
        max_length=100,
        description="The query parameters: `{{event.query.name}}`.",
    )
    type: _Text | None = Field(default=None, description="The event's type: `{{event.type}}`.")
    id: _Text | None = Field(
        default=None, description="The event's id at its sender: `{{event.id}}`."
    )

    def details(self) -> dict[str, Any]:
        """Returns the facts as an event stores them, without empty ones."""
        named = {
            "headers": self.headers,
            "query": self.query,
            "eventType": self.type,
            "eventId": self.id,
        }
        return {name: value for name, value in named.items() if value}


class Event(Model):
    """An event. `body` is the received data, as Liquid reads it. `details` are facts that depend on
    the trigger's type, with names in camelCase (`by`, `source`, `dedupeKey`, `upstreamRunId`,
    `headers`, `query`, `eventType`, `eventId`, `receivedAt` …). `unreadable` names the parts of a
    damaged event that were left out."""

    trigger_type: TriggerType
    details: dict[str, Any]
    body: Any
    unreadable: str | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """`{"type": …}` and the details, as stored and shown."""
        return {"type": self.trigger_type.value, **self.details}

    @property
    def upstream_run_id(self) -> str | None:
        """The run that caused this event when it ended, if the trigger is UPSTREAM."""
        return self.details.get("upstreamRunId") if self._is_upstream else None

    @property
    def depth(self) -> int:
        """The number of runs that led to this event, if the trigger is UPSTREAM: the end of each of
        these runs opened the next one, and the end of the last one caused this event. 0 for other
        triggers."""
        return int(self.details["depth"]) if self._is_upstream else 0

    @property
    def rerun(self) -> RerunFacts | None:
        """The facts of a rerun; None for any other run."""
        facts = self.details.get("rerun")
        return None if facts is None else RerunFacts.model_validate(facts)

    @property
    def _is_upstream(self) -> bool:
        return self.trigger_type is TriggerType.UPSTREAM


def event_scope(body: Any, details: dict[str, Any], received_at: int | None) -> dict[str, Any]:
    """Returns the variable `event` of Liquid texts. `received_at` (epoch milliseconds) is used if
    the details have no time of receipt."""
    return {
        "body": body,
        "headers": HeaderValues(details.get("headers") or {}),
        "query": details.get("query") or {},
        "type": details.get("eventType"),
        "id": details.get("eventId"),
        "receivedAt": details.get("receivedAt") or optional_iso(received_at),
    }
