"""The conditions that the table must meet whenever the system is at rest."""

import json
from collections import Counter
from typing import Any

from runledger.api.run_events import event_id
from runledger.clock import MINUTE
from runledger.composition import services
from runledger.ids import derived_id
from runledger.store import keys
from runledger.store.bodies import decompress
from runledger.store.keys import Key
from runledger.store.run_rows import run_key_items, shown_run_from_item
from runledger.store.values import Item

from tests.support.boundary import Call
from tests.support.simulation import Simulation

# Five minutes, beyond the lease and the machine's retries of the slowest node in these scenarios.
SILENT_FOR = 5 * MINUTE + 45_000
OPEN = ("PENDING", "RUNNING")
TERMINAL = ("COMPLETED", "FAILED", "CANCELED")
# Error kinds that mean: the effect may have happened.
UNKNOWN = ("OUTCOME_UNKNOWN", "TIMEOUT", "CONNECTION_FAILED", "INTERNAL_ERROR", "CRASHED")


class Watch:
    """Notes what a check at the end cannot see: forbidden changes.

    Listens to every write of the table."""

    def __init__(self, simulation: Simulation) -> None:
        self.wrong: list[str] = []
        simulation.table.listeners.append(self)
        self._simulation = simulation
        # By open run: the time by which it must have moved again.
        self._by: dict[str, int] = {}

    def __call__(self, before: Item | None, after: Item | None) -> None:
        if after is not None and after["pk"].startswith("RUN#"):
            self._heard(after["pk"])
        if before is None or after is None:
            return
        # An erased person is removed even from rows that are otherwise final.
        is_erased = "erasedAt" in after
        if before["sk"] == "RUN" and before["status"] in TERMINAL:
            if after["status"] != before["status"]:
                self.wrong.append(f"{before['status']} became {after['status']}")
        is_recorded = before.get("status") not in ("RUNNING", "WAITING")
        # A repeated request may write the steps of a rerun again until its row is there.
        is_opened = self._simulation.table.row(Key(after["pk"], "RUN")) is not None
        if before["sk"].startswith("STEP#") and is_recorded and is_opened and not is_erased:
            self.wrong.append(f"the recorded step {before['sk']} was written again")
        if before["sk"] == "DELIVERY":
            self.wrong += _wrong_change(before, after)

    def _heard(self, run_key: str) -> None:
        """Records that the run, or a step of it, was written."""
        now = self._simulation.clock.now
        if now > self._by.get(run_key, now):
            late = (now - self._by[run_key]) // 1_000
            self.wrong.append(f"{run_key} was silent for {late} s too long")
        self._by.pop(run_key, None)
        row = self._simulation.table.row(Key(run_key, "RUN"))
        if row is not None and row["status"] in OPEN and not _is_held(row):
            waits = [step.get("waitUntil", 0) for step in self._simulation.steps(run_key).values()]
            # A run without an execution is in the due index until it is started (again).
            starts = 0 if "execution" in row else int(row["dueKey"][:13]) + MINUTE
            self._by[run_key] = max(now, starts, *waits, 0) + SILENT_FOR

    def stop(self) -> None:
        self._simulation.table.listeners.remove(self)


def _is_held(row: Item) -> bool:
    """Whether a run only waits for the release of its automation."""
    return bool(row.get("gsi4pk") == keys.held(row["automationId"]))


# The statuses that may follow by our own actions; reports may lead anywhere.
_NEXT = {
    "QUEUED": ("PROCESSING", "DEAD_LETTERED", "SUPPRESSED"),
    "PROCESSING": ("SENT", "FAILED", "RETRYING", "DEAD_LETTERED"),
    "RETRYING": ("PROCESSING", "FAILED", "DEAD_LETTERED", "SUPPRESSED"),
}
_UNSETTLED = tuple(_NEXT)


def _wrong_change(before: Item, after: Item) -> list[str]:
    """Checks one write of a delivery's row."""
    was, became = before["status"], after["status"]
    has_changed = was != became
    found = []
    if after["sequence"] - before["sequence"] != has_changed:
        found.append(f"{was} became {became}, and the sequence {after['sequence']}")
    if before.get("reports") == after.get("reports"):
        if has_changed and became not in _NEXT.get(was, ()) and "reports" not in after:
            found.append(f"{was} became {became}")
        is_link = {**before, "resends": None} == {**after, "resends": None}
        if was not in _UNSETTLED and not is_link and "erasedAt" not in after:
            found.append(f"a {was} delivery was written again")
    return found


def unknown(simulation: Simulation) -> list[str]:
    """Returns the sort keys of the rows with an unknown outcome: `STEP#node` for a call, `DELIVERY`
    for a message."""
    found = []
    for row in simulation.table.items():
        kind = error_of(row).get("kind") if row["sk"].startswith("STEP#") else row.get("errorKind")
        if kind == "OUTCOME_UNKNOWN":
            found.append(row["sk"])
    return sorted(found)


def problems(simulation: Simulation) -> list[str]:
    """Returns everything that is wrong with the table and with the effects of the system."""
    found: list[str] = []
    for row in simulation.table.items():
        found += index_problems(row)
        if row["sk"] == "RUN":
            found += _run_problems(simulation, row)
        if row["sk"] == "DELIVERY":
            found += _delivery_problems(simulation, row)
    found += _key_problems(simulation)
    found += _unpublished(simulation)
    found += _ungrouped(simulation)
    sent = Counter(simulation.ses.sent)
    deliveries = {_id_of(row) for row in simulation.table.items() if row["sk"] == "DELIVERY"}
    found += [f"{each} was sent {count} times" for each, count in sent.items() if count > 1]
    found += [f"{each} was sent but is not recorded" for each in sent if each not in deliveries]
    called = Counter(request.headers["Idempotency-Key"] for request in simulation.http.calls)
    found += [f"the service was called {count} times" for count in called.values() if count > 1]
    return found


def _key_problems(simulation: Simulation) -> list[str]:
    """Checks that each key of a run has an item, and that no item leads anywhere else."""
    rows = simulation.table.items()
    wanted = {
        tuple(key)
        for row in rows
        if row["sk"] == "RUN"
        for key in run_key_items(shown_run_from_item(row))
    }
    there = {(row["pk"], row["sk"]) for row in rows if row["pk"].startswith("KEY#")}
    return [f"{key} is missing" for key in wanted - there] + [
        f"{key} leads to no run" for key in there - wanted
    ]


def _unpublished(simulation: Simulation) -> list[str]:
    """Checks that each change of a run's status is on the bus at least once."""
    published = {json.loads(entry["Detail"])["id"] for entry in simulation.bus.entries}
    runs = [
        f"change {number} of {row['pk']} was not published"
        for row in simulation.runs()
        for number in range(1, row["sequence"] + 1)
        if event_id(_id_of(row), number) not in published
    ]
    deliveries = [
        f"{row['pk']} is {row['status']}, which was not published"
        for row in simulation.deliveries()
        if event_id(_id_of(row), row["sequence"]) not in published
    ]
    return runs + deliveries


def _ungrouped(simulation: Simulation) -> list[str]:
    """Checks that each failed run is in its failure group, and that the group is in the lists."""
    there = {(row["pk"], row["sk"]) for row in simulation.table.items()}
    found = []
    for row in simulation.runs():
        if row["status"] == "FAILED":
            group = f"FAILURE#err_{row['error']['group']}"
            if not {(group, "GROUP"), (group, row["createdKey"])} <= there:
                found.append(f"{row['pk']} is not in its failure group")
    return found


def _id_of(row: Item) -> str:
    return str(row["createdKey"][14:])


def index_problems(row: Item) -> list[str]:
    """Checks that the buckets of a row match its status."""
    if "gsi1pk" not in row or row["sk"] not in ("RUN", "DELIVERY"):
        return []
    bucket = "OPEN" if row["sk"] == "RUN" and row["status"] in OPEN else row["status"]
    kind = {"RUN": "RUN", "DELIVERY": "DLV"}[row["sk"]]
    expected = {"gsi1pk": f"{row['workspaceId']}#{kind}#{bucket}#0"}
    if row.get("automationId"):
        automation = row["automationId"]
        expected["gsi2pk"] = f"{row['workspaceId']}#{kind}#{automation}#{bucket}#0"
    if row.get("contactId"):
        expected["gsi3pk"] = f"{row['workspaceId']}#{row['contactId']}"
    wrong = {name for name, value in expected.items() if row.get(name) != value}
    found = [f"{row['pk']} is {row['status']} and stands in {row.get(name)}" for name in wrong]
    is_due = "gsi4pk" in row and "dueKey" in row
    # An ended run is due once more if it may have left a message without its outcome.
    may_be_due = row["sk"] == "RUN" and any(True in each for each in row["openClaims"].values())
    if row["sk"] == "RUN" and (row["status"] in OPEN) != is_due and not (is_due and may_be_due):
        found.append(f"{row['pk']} is {row['status']}, due at {row.get('dueKey')}")
    if row["sk"] == "DELIVERY" and (row["status"] in _UNSETTLED) != is_due:
        found.append(f"{row['pk']} is {row['status']}, due at {row.get('dueKey')}")
    return found


def _run_problems(simulation: Simulation, row: Item) -> list[str]:
    if row["status"] not in TERMINAL:
        return [f"{row['pk']} is {row['status']}"]
    found = ["an ended run that is due"] if "gsi4pk" in row else []
    if "finishedAt" not in row:
        found.append("an ended run without its moment")
    if (row["status"] == "FAILED") != ("error" in row):
        found.append(f"a {row['status']} run with the error {row.get('error')}")
    if (row["status"] == "CANCELED") != ("canceled" in row):
        found.append(f"a {row['status']} run canceled by {row.get('canceled')}")
    if row["status"] == "COMPLETED":
        found += [f"a COMPLETED run without {node_id}" for node_id in _missing(simulation, row)]
    for node_id, step in simulation.steps(row["pk"]).items():
        if row["status"] == "COMPLETED" and step["status"] == "FAILED":
            found.append(f"a COMPLETED run with the failed step {node_id}")
        if step["type"] == "INTEGRATION" and "reusedFrom" not in step:
            key = derived_id("eff", _effect_run(row, node_id), node_id)
            found += _call_problems(simulation, step, key)
    return found


def _effect_run(row: Item, node_id: str) -> str:
    """Returns the run whose id identifies the node's effects."""
    if "rerunOf" not in row:
        return _id_of(row)
    rerun = services().stores.runs.history(_id_of(row)).event.rerun
    assert rerun is not None
    return rerun.effect_run(node_id)


def _missing(simulation: Simulation, row: Item) -> list[str]:
    """Returns the nodes on a completed run's paths that have no finished step."""
    version = services().stores.automations.version(row["automationId"], row["version"])
    kinds = {node.id: node.type for node in version.graph.nodes}
    steps = simulation.steps(row["pk"])
    to_visit = [node_id for node_id, kind in kinds.items() if kind == "TRIGGER"]
    missing = []
    while to_visit:
        node_id = to_visit.pop()
        step = steps.get(node_id, {})
        if kinds[node_id] not in ("TRIGGER", "END"):
            if step.get("status") not in ("COMPLETED", "SKIPPED", "WAITING"):
                missing.append(node_id)
        to_visit += [
            edge.target
            for edge in version.graph.edges
            if edge.source == node_id and edge.label in (None, step.get("outcome"))
        ]
    return missing


def _call_problems(simulation: Simulation, step: Item, effect_key: str) -> list[str]:
    """Checks that a completed call was made exactly once, and that a failed call that was made is
    recorded as made or as unknown."""
    calls = [
        each for each in simulation.http.calls if each.headers["Idempotency-Key"] == effect_key
    ]
    kind = error_of(step).get("kind")
    if step["status"] == "COMPLETED" and len(calls) != 1:
        return [f"a COMPLETED call that was made {len(calls)} times"]
    if step["status"] == "FAILED" and calls and kind not in (*UNKNOWN, "HTTP_STATUS"):
        return [f"a call that failed as {kind}, but was made"]
    return []


def _delivery_problems(simulation: Simulation, row: Item) -> list[str]:
    """Checks that a delivery records truthfully what was sent, or says that this is unknown."""
    sent = simulation.ses.sent.count(_id_of(row))
    status, kind = row["status"], row.get("errorKind")
    found = []
    if status in _UNSETTLED:
        found.append(f"{row['pk']} is {status} for good")
    if status in ("FAILED", "DEAD_LETTERED", "SUPPRESSED") and kind is None:
        found.append(f"a {status} delivery without a reason")
    if status in ("SENT", "DELIVERED") and sent != 1:
        found.append(f"a {status} message that was sent {sent} times")
    is_recorded = status in ("SENT", "DELIVERED") or kind in ("OUTCOME_UNKNOWN", "BOUNCED")
    if sent and not is_recorded:
        found.append(f"a message that was sent is recorded as {status}, {kind}")
    return found


def error_of(row: Item) -> dict[str, Any]:
    """Returns the error that a step or a delivery records."""
    if "bag" not in row or not isinstance(row["bag"], bytes):
        return {}
    error: dict[str, Any] = decompress(row["bag"]).get("error") or {}
    return error


def describe(made: list[tuple[str, Call]], point: int) -> str:
    function, call = made[point]
    return f"call {point} ({function}: {call})"
