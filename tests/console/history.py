"""A month of runs, deliveries and refusals, written as the stores would have left them. For every
value of every filter, some rows have it and others do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from typing import Any

from runledger.channels.registry import CHANNEL_NAMES
from runledger.clock import DAY, HOUR, SECOND, now_ms
from runledger.ids import new_id
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.refusal import Refusal, RefusalReason
from runledger.models.run import Cancellation, ErrorDetail, Run, RunStatus, TriggerType
from runledger.store.bodies import Bodies
from runledger.store.delivery_rows import delivery_to_item
from runledger.store.refusals import RefusalStore
from runledger.store.run_rows import row_cancellation, row_error, run_to_item
from runledger.store.table import DynamoTable

from tests.console.operators import user_of
from tests.support.stack import Stack

# Within a day, a week, a month, and before all that the lists offer.
AGES = (2 * HOUR, 3 * DAY, 20 * DAY, 40 * DAY)
_KEPT = 90 * DAY
_ERRORS = (
    ErrorDetail(node_id="score", kind="HTTP_STATUS", message="the service answered 503"),
    ErrorDetail(node_id="bad", kind="STOP_ERROR", message="The order is too small"),
)


@dataclass(frozen=True)
class Person:
    id: str
    email: str
    phone: str


@dataclass(frozen=True)
class History:
    """Rows in the second workspace, which no other test reads."""

    automations: dict[str, str]
    """Ids by name."""
    people: tuple[Person, Person]
    error_groups: list[str]


def write_history(stack: Stack) -> History:
    workspace_id = str(stack.local["workspaces"][1]["id"])
    with stack.api(user_of(stack, 1, "ADMIN").email) as api:
        nodes = [{"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}}]
        draft = {"name": "Renewal", "nodes": [*nodes, {"id": "done", "type": "END"}]}
        draft["edges"] = [{"source": "start", "target": "done"}]
        api.post("/v1/automations", json=draft).raise_for_status()
        automations = (
            api.get("/v1/automations", params={"limit": 200}).raise_for_status().json()["items"]
        )
        people = [
            {"email": "dorothy@elsewhere.example", "phone": "+493012345678"},
            {"email": "mary@elsewhere.example", "phone": "+442079460123"},
        ]
        made = [api.post("/v1/contacts", json=each).raise_for_status().json() for each in people]
    writer = _Writer(
        workspace_id,
        {each["name"]: each["id"] for each in automations},
        tuple(Person(each["id"], each["email"], each["phone"]) for each in made),
        now_ms(),
    )
    table = DynamoTable(stack.aws("dynamodb"), stack.table_name)
    groups: set[str] = set()
    for item in writer.runs():
        table.put(item)
        groups |= {f"err_{item['error']['group']}"} if "error" in item else set()
    for item in writer.deliveries(Bodies(stack.aws("s3"), "not-needed")):
        table.put(item)
    for refusal in writer.refusals():
        RefusalStore(table).add(refusal, shards=1)
    first, second = writer.people
    return History(writer.automations, (first, second), sorted(groups))


@dataclass(frozen=True)
class _Writer:
    workspace_id: str
    automations: dict[str, str]
    people: tuple[Person, ...]
    now: int

    def runs(self) -> Iterator[dict[str, Any]]:
        triggers, errors = cycle(TriggerType), cycle(_ERRORS)
        kinds = product(AGES, self.automations.items(), self.people, RunStatus)
        for number, (age, (name, automation_id), person, status) in enumerate(kinds):
            created_at = self.now - age - number * SECOND
            run = Run(
                id=new_id("run", created_at),
                workspace_id=self.workspace_id,
                automation_id=automation_id,
                automation_name=name,
                version=1,
                status=status,
                attempt=1,
                execution=None,
                trigger_type=next(triggers),
                contact_id=person.id,
                contact_email=person.email,
                contact_phone=person.phone,
                created_at=created_at,
                started_at=None,
                trigger_ms=None,
                finished_at=None,
                end_ms=None,
                end_node_id=None,
                # Not due, and scheduled in a day: nothing changes these runs.
                due_at=None,
                scheduled_for=self.now + DAY if status is RunStatus.PENDING else None,
                sequence=1,
                expires_at=created_at + _KEPT,
                claimed=frozenset(),
                open_claims={},
                error=None,
            )
            item = run_to_item(run, shard=0)
            if status is not RunStatus.PENDING:
                item |= {"startedAt": created_at + 200, "triggerMs": 4}
            if status.is_terminal:
                item |= {"finishedAt": created_at + 1_500, "endNodeId": "done", "endMs": 3}
            if status is RunStatus.FAILED:
                item["error"] = row_error(run, next(errors))
            if status is RunStatus.CANCELED:
                item["canceled"] = row_cancellation(Cancellation(by="system", reason="Paused"))
            yield {name: value for name, value in item.items() if value is not None}

    def deliveries(self, bodies: Bodies) -> Iterator[dict[str, Any]]:
        kinds = product(self.automations.values(), CHANNEL_NAMES, DeliveryStatus)
        for number, (automation_id, channel, status) in enumerate(kinds):
            created_at = self._created_at(number, len(DeliveryStatus))
            person = self.people[number // 3 % 2]
            attempt = DeliveryAttempt(
                id=new_id("dlv", created_at),
                workspace_id=self.workspace_id,
                run_id=None,
                node_id="mail",
                automation_id=automation_id,
                contact_id=person.id,
                channel=channel,
                address=person.email if channel == "EMAIL" else person.phone,
                status=status,
                template_id="tpl_none",
                subject="Your order" if channel == "EMAIL" else None,
                body="Hello",
                gates=(),
                tries=1,
                provider_id=None,
                error=None,
                created_at=created_at,
                settled_at=created_at + SECOND if status.is_settled else None,
                expires_at=created_at + _KEPT,
            )
            item = delivery_to_item(attempt, bodies, listed=1)
            yield {name: value for name, value in item.items() if value is not None}

    def refusals(self) -> Iterator[Refusal]:
        kinds = product(self.automations.items(), (*self.people, None), RefusalReason)
        for number, ((name, automation_id), person, reason) in enumerate(kinds):
            created_at = self._created_at(number, len(RefusalReason))
            yield Refusal(
                id=new_id("ref", created_at),
                workspace_id=self.workspace_id,
                automation_id=automation_id,
                automation_name=name,
                version=1,
                trigger_type=TriggerType.WEBHOOK,
                reason=reason,
                message="It did not run.",
                contact_id=person.id if person else None,
                created_at=created_at,
                last_at=created_at,
                expires_at=created_at + _KEPT,
            )

    def _created_at(self, number: int, statuses: int) -> int:
        """Returns the time at which a row was created. The rows of each status have all the ages in
        AGES."""
        return self.now - AGES[(number + number // statuses) % len(AGES)] - number * SECOND
