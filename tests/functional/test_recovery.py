"""Recoveries: which runs are rerun, when, and what the counts say."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from runledger.clock import MINUTE, SECOND
from runledger.composition import services
from runledger.errors import NodeError, TransientError
from runledger.models.contact import ContactDocument
from runledger.services.contacts.contacts import Contacts
from runledger.services.lists.requests import ListRequest
from runledger.services.reruns import recovered_groups
from runledger.services.reruns.recovery_runs import RecoveryRuns
from runledger.store import keys
from runledger.store.values import Item

from tests.support.graphs import document, end, integration, node
from tests.support.graphs import wait as wait_node
from tests.support.simulation import OPERATOR, WORKSPACE, Simulation, open_simulation


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Simulation, dict[str, str], Any]]:
    with open_simulation() as simulation:
        nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), integration("score"), end()]
        edges = ("start > score", "score > done")
        by_email = {"by": "email", "path": "email"}
        lookup = node("start", "TRIGGER", triggerType="WEBHOOK", contactLookup=by_email)
        made = {
            "orders": simulation.activate({"name": "Orders", **document(nodes, *edges)}),
            "one": simulation.activate(
                {
                    "name": "One at a time",
                    "reentry": "ONE_AT_A_TIME",
                    **document([lookup, *nodes[1:]], *edges),
                }
            ),
        }
        contacts = Contacts(services().stores.contacts, simulation.clock)
        contacts.create(WORKSPACE, ContactDocument(email="ada@example.com"))
        simulation.records.clear()
        yield simulation, made, simulation.snapshot()


@pytest.fixture
def simulation(stage: tuple[Simulation, dict[str, str], Any]) -> Simulation:
    stage[2]()
    stage[0].http.status_of = lambda url: 200
    return stage[0]


@pytest.fixture
def automations(stage: tuple[Simulation, dict[str, str], Any]) -> dict[str, str]:
    return stage[1]


def failed_runs(simulation: Simulation, automation_id: str, count: int) -> list[str]:
    """Returns runs whose call was answered with 503, oldest first."""
    simulation.http.status_of = lambda url: 503
    path = simulation.webhook_path(automation_id)
    ids = []
    for number in range(count):
        body = {"email": "ada@example.com", "number": number}
        answer = simulation.request("webhook_in", "POST", path, body)
        assert answer["status"] == 202, answer
        ids.append(str(answer["body"]["runId"]))
        simulation.settle()
    simulation.http.status_of = lambda url: 200
    assert {row["status"] for row in simulation.runs()} == {"FAILED"}
    return ids


def post(simulation: Simulation, path: str = "", status: int = 202, **asked: Any) -> dict[str, Any]:
    answer = simulation.request("api", "POST", f"/v1/recoveries{path}", asked)
    assert answer["status"] == status, (answer, simulation.unforeseen)
    body: dict[str, Any] = answer["body"]
    return body


def shown(simulation: Simulation, recovery_id: str) -> dict[str, Any]:
    answer = simulation.request("query", "GET", f"/v1/recoveries/{recovery_id}", None)
    body: dict[str, Any] = answer["body"]
    return body


def group_of(simulation: Simulation, run_id: str) -> str:
    body = simulation.request("query", "GET", f"/v1/runs/{run_id}", None)["body"]
    return str(body["errorGroup"])


def reruns(simulation: Simulation) -> list[Any]:
    return [row for row in simulation.runs() if "rerunOf" in row]


def wait(simulation: Simulation, minutes: int = 1) -> None:
    simulation.run_until(simulation.clock.now + minutes * MINUTE)


def test_every_failed_run_is_rerun_and_its_group_is_resolved(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed = failed_runs(simulation, automations["orders"], 5)
    group = group_of(simulation, failed[0])
    preview = post(simulation, status=200, errorGroup=group, dryRun=True)
    assert (preview["status"], preview["id"], preview["isSelected"]) == ("PREVIEWED", None, True)
    assert preview["counts"]["eligible"] == 5
    assert [(each["nodeId"], each["run"]) for each in preview["nodes"]] == [("score", 5)]
    assert reruns(simulation) == []

    made = post(simulation, errorGroup=group)
    simulation.settle()
    done = shown(simulation, made["id"])
    assert (done["status"], done["statusReason"]) == ("COMPLETED", None)
    assert done["counts"] == {
        "eligible": 5,
        "excluded": {},
        "blocked": 0,
        "opened": 5,
        "completed": 5,
        "failed": 0,
        "canceled": 0,
    }
    assert sorted(row["rerunOf"] for row in reruns(simulation)) == sorted(failed)
    page = simulation.request("query", "GET", f"/v1/recoveries/{made['id']}/runs", None)["body"]
    assert [item["runId"] for item in page["items"]] == failed
    assert {item["result"] for item in page["items"]} == {"COMPLETED"}
    told = simulation.request("query", "GET", f"/v1/failure-groups/{group}", None)["body"]
    assert told["status"] == "RESOLVED"
    assert made["id"] in told["note"]


def test_a_canary_comes_first_and_waits_for_a_person(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed = failed_runs(simulation, automations["orders"], 6)
    made = post(simulation, filter={}, canary={"count": 2})
    assert (made["status"], made["counts"]["opened"]) == ("CANARY", 2)
    wait(simulation, 3)
    waiting = shown(simulation, made["id"])
    assert (waiting["status"], waiting["isSelected"]) == ("WAITING", True)
    assert (waiting["counts"]["completed"], waiting["counts"]["eligible"]) == (2, 6)
    # The oldest ones.
    assert sorted(row["rerunOf"] for row in reruns(simulation)) == sorted(failed[:2])

    going = post(simulation, f"/{made['id']}/continue", 200)
    assert going["status"] == "RUNNING"
    post(simulation, f"/{made['id']}/continue", 409)
    simulation.settle()
    done = shown(simulation, made["id"])
    assert (done["status"], done["counts"]["completed"]) == ("COMPLETED", 6)
    assert (done["statusBy"], waiting["statusBy"], going["statusBy"]) == (None, None, OPERATOR)
    post(simulation, f"/{made['id']}/abort", 409)


def test_a_group_stays_open_if_more_runs_failed_later_than_are_looked_at(
    simulation: Simulation, automations: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovered_groups, "LATER", 2)
    failed = failed_runs(simulation, automations["orders"], 2)
    group = group_of(simulation, failed[0])
    made = post(simulation, errorGroup=group, canary={"count": 1})
    wait(simulation, 3)
    assert shown(simulation, made["id"])["status"] == "WAITING"
    simulation.http.status_of = lambda url: 503
    path = simulation.webhook_path(automations["orders"])
    answer = simulation.request("webhook_in", "POST", path, {"email": "ada@example.com"})
    later = answer["body"]["runId"]
    for _ in range(3):
        simulation.settle()
        answer = simulation.request("api", "POST", f"/v1/runs/{later}/rerun", {})
        assert answer["status"] == 202, answer
    simulation.settle()
    simulation.http.status_of = lambda url: 200
    post(simulation, f"/{made['id']}/continue", 200)
    simulation.settle()
    assert shown(simulation, made["id"])["counts"]["completed"] == 2
    told = simulation.request("query", "GET", f"/v1/failure-groups/{group}", None)["body"]
    assert told["status"] == "OPEN"


def test_a_group_stays_open_if_a_run_opened_earlier_fails_after_the_search(
    simulation: Simulation,
) -> None:
    nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), wait_node("pause", 10)]
    nodes += [integration("score"), end()]
    edges = ("start > pause", "pause > score", "score > done")
    automation_id = simulation.activate({"name": "Patient", **document(nodes, *edges)})
    failed = failed_runs(simulation, automation_id, 2)
    group = group_of(simulation, failed[0])
    path = simulation.webhook_path(automation_id)
    patient = simulation.request("webhook_in", "POST", path, {"number": 2})["body"]["runId"]
    wait(simulation)

    made = post(simulation, errorGroup=group, canary={"count": 1})
    wait(simulation, 5)
    selected = shown(simulation, made["id"])
    assert (selected["status"], selected["isSelected"]) == ("WAITING", True)
    simulation.http.status_of = lambda url: 503
    wait(simulation, 10)
    assert group_of(simulation, patient) == group
    simulation.http.status_of = lambda url: 200
    post(simulation, f"/{made['id']}/continue", 200)
    simulation.settle()
    done = shown(simulation, made["id"])
    assert (done["status"], done["counts"]["completed"]) == ("COMPLETED", 2)
    told = simulation.request("query", "GET", f"/v1/failure-groups/{group}", None)["body"]
    assert told["status"] == "OPEN"


def test_a_rerun_that_is_not_readable_yet_is_not_taken_for_an_expired_one(
    simulation: Simulation, automations: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed_runs(simulation, automations["orders"], 2)

    def die(*args: Any) -> None:
        raise TransientError("the process died")

    with monkeypatch.context() as dying:
        dying.setattr(RecoveryRuns, "open", die)
        made = post(simulation, filter={})
    read = simulation.table.batch_get

    def read_late(wanted: Iterable[keys.Key], *, consistent: bool = False) -> dict[keys.Key, Item]:
        """An eventually consistent read does not show the rows of the last second."""
        since = simulation.clock.now - SECOND
        return {
            key: row
            for key, row in read(wanted, consistent=consistent).items()
            if consistent or keys.created_at_of(row.get("createdKey", "0#")) < since
        }

    monkeypatch.setattr(simulation.table, "batch_get", read_late)
    simulation.run_until(simulation.clock.now + 5 * MINUTE)
    counts = shown(simulation, made["id"])["counts"]
    assert (counts["opened"], counts["completed"], counts["canceled"]) == (2, 2, 0)


def test_a_canary_that_completes_may_go_on_by_itself(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed_runs(simulation, automations["orders"], 4)
    made = post(simulation, filter={}, canary={"count": 1, "then": "CONTINUE"})
    simulation.settle()
    done = shown(simulation, made["id"])
    assert (done["status"], done["counts"]["completed"]) == ("COMPLETED", 4)


def test_a_canary_that_fails_pauses_the_recovery(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed = failed_runs(simulation, automations["orders"], 4)
    simulation.http.status_of = lambda url: 503
    made = post(simulation, filter={}, canary={"count": 2, "then": "CONTINUE"})
    simulation.settle()
    paused = shown(simulation, made["id"])
    assert (paused["status"], paused["statusReason"]) == ("PAUSED", "CANARY_FAILED")
    assert (paused["counts"]["opened"], paused["counts"]["failed"]) == (2, 2)

    # Mended: the other two go on. The group has failed reruns, so it stays open.
    simulation.http.status_of = lambda url: 200
    post(simulation, f"/{made['id']}/continue", 200)
    simulation.settle()
    done = shown(simulation, made["id"])
    assert done["status"] == "COMPLETED"
    assert (done["counts"]["completed"], done["counts"]["failed"]) == (2, 2)

    # A second recovery takes those that are left, and none twice.
    again = post(simulation, filter={})
    simulation.settle()
    counts = shown(simulation, again["id"])["counts"]
    assert (counts["eligible"], counts["completed"]) == (2, 2)
    assert counts["excluded"] == {"RECOVERED": 2, "RERUN": 2}
    completed = [row for row in reruns(simulation) if row["status"] == "COMPLETED"]
    assert sorted(row["rerunOf"] for row in completed) == sorted(failed)


def test_failures_stop_it_and_a_person_may_accept_them(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed_runs(simulation, automations["orders"], 6)
    simulation.http.status_of = lambda url: 503
    made = post(simulation, filter={}, ratePerMinute=2, stopAfterFailures=3)
    simulation.settle()
    stopped = shown(simulation, made["id"])
    assert (stopped["status"], stopped["statusReason"]) == ("PAUSED", "STOPPED_AFTER_FAILURES")
    assert stopped["counts"]["failed"] == stopped["counts"]["opened"] == 3

    simulation.http.status_of = lambda url: 200
    post(simulation, f"/{made['id']}/continue", 200)
    simulation.settle()
    done = shown(simulation, made["id"])
    assert (done["status"], done["counts"]["failed"], done["counts"]["completed"]) == (
        "COMPLETED",
        3,
        3,
    )


def test_a_pause_opens_nothing_and_an_abort_leaves_the_rest_out(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed_runs(simulation, automations["orders"], 12)
    made = post(simulation, filter={}, ratePerMinute=2)
    paused = post(simulation, f"/{made['id']}/pause", 200)
    assert (paused["status"], paused["counts"]["opened"]) == ("PAUSED", 2)
    post(simulation, f"/{made['id']}/pause", 409)
    simulation.settle()
    assert shown(simulation, made["id"])["counts"]["completed"] == 2

    post(simulation, f"/{made['id']}/continue", 200)
    wait(simulation)
    post(simulation, f"/{made['id']}/abort", 200)
    simulation.settle()
    aborted = shown(simulation, made["id"])
    counts = aborted["counts"]
    assert aborted["status"] == "ABORTED"
    assert counts["opened"] == counts["eligible"] == counts["completed"] == len(reruns(simulation))
    assert counts["excluded"] == {"ABORTED": 12 - counts["opened"]}
    assert 2 < counts["opened"] < 12
    for action in ("continue", "pause", "abort"):
        post(simulation, f"/{made['id']}/{action}", 409)


def test_runs_of_one_contact_take_turns(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed_runs(simulation, automations["one"], 3)
    made = post(simulation, filter={})
    assert (made["counts"]["opened"], made["counts"]["blocked"]) == (1, 2)
    simulation.settle()
    done = shown(simulation, made["id"])
    assert (done["status"], done["counts"]["completed"]) == ("COMPLETED", 3)
    assert done["counts"]["blocked"] == 0
    spans = sorted(
        (keys.created_at_of(row["createdKey"]), row["finishedAt"]) for row in reruns(simulation)
    )
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_a_run_that_somebody_reruns_by_hand_waits_and_is_not_rerun_again(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    first, second = failed_runs(simulation, automations["orders"], 2)
    by_hand = simulation.request("api", "POST", f"/v1/runs/{first}/rerun", {})
    assert by_hand["status"] == 202
    made = post(simulation, filter={})
    assert (made["counts"]["opened"], made["counts"]["blocked"]) == (1, 1)
    simulation.settle()
    done = shown(simulation, made["id"])
    assert done["status"] == "COMPLETED"
    assert done["counts"]["excluded"] == {"RECOVERED": 1, "RERUN": 1}
    assert sorted(row["rerunOf"] for row in reruns(simulation)) == sorted([first, second])


def test_open_runs_and_lost_answers_are_left_out(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    (failed,) = failed_runs(simulation, automations["orders"], 1)
    answered = simulation.http.status_of

    def no_answer(url: str) -> int:
        raise NodeError("TIMEOUT", "the service did not answer in time")

    simulation.http.status_of = no_answer
    path = simulation.webhook_path(automations["orders"])
    unsure = simulation.request("webhook_in", "POST", path, {})["body"]["runId"]
    simulation.settle()
    simulation.http.status_of = answered
    simulation.deaf = {"start_runs"}
    waiting = simulation.request("webhook_in", "POST", path, {})["body"]["runId"]
    simulation.deliver_stream()

    preview = post(simulation, status=200, filter={}, dryRun=True)
    assert preview["counts"]["eligible"] == 1
    assert preview["counts"]["excluded"] == {"OPEN": 1, "UNKNOWN_EFFECTS": 1}
    (score,) = preview["nodes"]
    assert (score["nodeId"], score["run"], score["undecided"]) == ("score", 1, 1)
    assert score["effects"] == {"503": 1, "OUTCOME_UNKNOWN": 1}
    chosen: Any = {"effects": {"score": {"do": "REPEAT"}}, "dryRun": True}
    (score,) = post(simulation, status=200, filter={}, **chosen)["nodes"]
    assert (score["run"], score["undecided"], score["repeatedEffects"]) == (2, 0, 2)
    made = post(simulation, filter={})
    assert made["counts"]["excluded"] == {"UNKNOWN_EFFECTS": 1}
    simulation.settle()
    done = shown(simulation, made["id"])
    assert done["counts"]["excluded"] == {"OPEN": 1, "UNKNOWN_EFFECTS": 1}
    path = f"/v1/recoveries/{made['id']}/runs"
    items = simulation.request("query", "GET", path, None)["body"]["items"]
    assert [(each["runId"], each["state"], each["reason"]) for each in items] == [
        (failed, "ENDED", None),
        (unsure, "LEFT_OUT", "UNKNOWN_EFFECTS"),
        (waiting, "LEFT_OUT", "OPEN"),
    ]

    decided = post(simulation, filter={}, effects={"score": {"do": "REPEAT"}})
    simulation.settle()
    assert shown(simulation, decided["id"])["counts"]["completed"] == 1


def test_a_list_can_leave_out_recovered_runs(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed = failed_runs(simulation, automations["orders"], 3)
    made = post(simulation, filter={}, canary={"count": 2})
    simulation.settle()
    assert shown(simulation, made["id"])["status"] == "WAITING"

    def listed(recovered: bool | None) -> list[str]:
        request = ListRequest(
            statuses=frozenset({"FAILED"}),
            automation_id=None,
            contact=None,
            range=None,
            since=None,
            until=None,
            limit=50,
            cursor=None,
            recovered=recovered,
        )
        return sorted(run.id for run in services().queries.runs(WORKSPACE, request).items)

    assert listed(None) == sorted(failed)
    assert listed(False) == failed[2:]
    assert listed(True) == sorted(failed[:2])
    preview = post(simulation, status=200, filter={"recovered": False}, dryRun=True)
    assert (preview["counts"]["eligible"], preview["counts"]["excluded"]) == (1, {})
    assert preview["filter"]["recovered"] is False


def test_a_repeated_request_begins_one_recovery(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed_runs(simulation, automations["orders"], 1)
    made = post(simulation, filter={}, idempotencyKey="k")
    assert post(simulation, filter={}, idempotencyKey="k")["id"] == made["id"]
    post(simulation, status=409, filter={}, idempotencyKey="k", ratePerMinute=5)
    simulation.settle()
    assert len(reruns(simulation)) == 1


def test_what_is_asked_for_wrongly_is_refused(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    post(simulation, status=422)
    post(simulation, status=422, filter={}, errorGroup="err_1")
    post(simulation, status=404, errorGroup="err_1")
    post(simulation, status=422, filter={"status": "LOST"})
    post(simulation, status=422, filter={}, canary={"count": 0})
    post(simulation, status=422, filter={}, ratePerMinute=0)
    huge = {"score": {"do": "SUPPRESS", "output": {"text": "x" * 70_000}}}
    post(simulation, status=422, filter={}, effects=huge)
    assert [row for row in simulation.table.items() if row["pk"].endswith("#RECOVERY")] == []
