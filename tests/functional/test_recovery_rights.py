"""Only an ADMIN may preview, begin or continue a recovery that repeats the messages of a node."""

from collections.abc import Iterator
from typing import Any

import pytest
from runledger.composition import services
from runledger.models.workspace import Membership, Role

from tests.support.rerun_stage import FailedRun, open_rerun_stage
from tests.support.simulation import OPERATOR, WORKSPACE

# The message of this node was sent.
MESSAGE: dict[str, Any] = {"from": "START", "effects": {"hello": {"do": "REPEAT"}}}
# This node's call was answered.
CALL: dict[str, Any] = {"from": "START", "effects": {"first": {"do": "REPEAT"}}}


@pytest.fixture(scope="module")
def opened() -> Iterator[FailedRun]:
    with open_rerun_stage() as stage:
        yield stage


@pytest.fixture
def stage(opened: FailedRun) -> FailedRun:
    opened.restore()
    return opened


def act_as(stage: FailedRun, role: Role) -> None:
    """Gives the operator this role from now on."""
    member = Membership(
        user_id="user-operator",
        email=OPERATOR,
        workspace_id=WORKSPACE,
        role=role,
        created_at=stage.simulation.clock(),
    )
    services().stores.workspaces.put_member(member)


def ask(stage: FailedRun, path: str = "", **asked: Any) -> tuple[int, dict[str, Any]]:
    answer = stage.simulation.request("api", "POST", f"/v1/recoveries{path}", asked)
    return answer["status"], answer["body"]


def group_of(stage: FailedRun) -> str:
    path = f"/v1/runs/{stage.original}"
    return str(stage.simulation.request("query", "GET", path, None)["body"]["errorGroup"])


def recoveries(stage: FailedRun) -> list[Any]:
    return [row for row in stage.simulation.table.items() if row["pk"].endswith("#RECOVERY")]


def messages(stage: FailedRun) -> int:
    return len(stage.simulation.ses.sent)


@pytest.mark.parametrize("by", ["group", "automation"])
def test_a_member_neither_previews_nor_begins_what_repeats_messages(
    stage: FailedRun, by: str
) -> None:
    act_as(stage, Role.MEMBER)
    runs: dict[str, Any] = {"filter": {"automationId": stage.automation_id}}
    if by == "group":
        runs = {"errorGroup": group_of(stage)}
    for dry_run in (True, False):
        status, body = ask(stage, **runs, **MESSAGE, dryRun=dry_run)
        assert (status, "ADMIN" in body["detail"]) == (403, True), body
    assert recoveries(stage) == []
    # The call of another node, and everything that repeats nothing, needs no ADMIN.
    assert ask(stage, **runs, **CALL, dryRun=True)[0] == 200
    assert ask(stage, **runs)[0] == 202
    stage.simulation.settle()
    (row,) = recoveries(stage)
    assert (row["status"], row["completed"], messages(stage)) == ("COMPLETED", 1, 2)


def test_a_members_recovery_of_several_automations_leaves_out_runs_with_sent_messages(
    stage: FailedRun,
) -> None:
    act_as(stage, Role.MEMBER)
    status, preview = ask(stage, filter={}, **MESSAGE, dryRun=True)
    counts = preview["counts"]
    assert (status, counts["eligible"], counts["excluded"]) == (200, 0, {"FORBIDDEN": 1})
    assert ask(stage, filter={}, **MESSAGE)[0] == 202
    stage.simulation.settle()
    (row,) = recoveries(stage)
    assert (row["status"], row["opened"], row["excluded"]) == ("COMPLETED", 0, {"FORBIDDEN": 1})
    # The one of the original.
    assert (len(stage.reruns()), messages(stage)) == (0, 1)


def test_a_member_pauses_and_aborts_but_does_not_continue_what_repeats_messages(
    stage: FailedRun,
) -> None:
    act_as(stage, Role.ADMIN)
    status, begun = ask(stage, errorGroup=group_of(stage), **MESSAGE)
    assert status == 202
    path = f"/{begun['id']}"
    act_as(stage, Role.MEMBER)
    assert ask(stage, f"{path}/pause")[0] == 200
    status, body = ask(stage, f"{path}/continue")
    assert (status, "ADMIN" in body["detail"]) == (403, True)
    assert recoveries(stage)[0]["status"] == "PAUSED"
    act_as(stage, Role.ADMIN)
    assert ask(stage, f"{path}/continue")[0] == 200
    act_as(stage, Role.MEMBER)
    assert ask(stage, f"{path}/abort")[0] == 200
    stage.simulation.settle()
    # The rerun was opened when the recovery began: hello again, and goodbye.
    assert (len(stage.reruns()), messages(stage)) == (1, 3)


@pytest.mark.parametrize(
    ("is_of_one", "version", "status"),
    # An older version may have a message where the active one has a call.
    [(True, "ACTIVE", 200), (True, "SAME", 403), (False, "ACTIVE", 403)],
)
def test_a_member_continues_an_admins_recovery_whose_repeated_nodes_are_known_to_send_nothing(
    stage: FailedRun, is_of_one: bool, version: str, status: int
) -> None:
    act_as(stage, Role.ADMIN)
    runs = {"automationId": stage.automation_id} if is_of_one else {}
    begun = ask(stage, filter=runs, version=version, **CALL)[1]
    act_as(stage, Role.MEMBER)
    path = f"/{begun['id']}"
    assert ask(stage, f"{path}/pause")[0] == 200
    assert ask(stage, f"{path}/continue")[0] == status


def test_a_member_continues_an_admins_recovery_that_repeats_nothing(stage: FailedRun) -> None:
    act_as(stage, Role.ADMIN)
    begun = ask(stage, filter={})[1]
    act_as(stage, Role.MEMBER)
    assert ask(stage, f"/{begun['id']}/pause")[0] == 200
    assert ask(stage, f"/{begun['id']}/continue")[0] == 200
