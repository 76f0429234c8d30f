"""Activations beyond AWS's rate: no process sleeps until its turn, and a crowd delays only its own
workspace."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from runledger.api.automations import AutomationView
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.composition import services
from runledger.models.automation import AutomationStatus
from runledger.services.execution.machines import INTERVAL, ROOM, WORKSPACE_ROOM

from tests.support.boundary import Call
from tests.support.fakes import client_error
from tests.support.simulation import OPERATOR, WORKSPACE, Simulation, open_simulation

QUIET = "ws_quiet"
# What each call to AWS takes.
CALL_MS = 10


def document(message: str = "no", **trigger: Any) -> dict[str, Any]:
    return {
        "name": "Hook",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **trigger}},
            {"id": "stop", "type": "STOP_ERROR", "config": {"message": message}},
        ],
        "edges": [{"source": "start", "target": "stop"}],
    }


class People:
    """People who request activations over the API."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.made: list[int] = []
        create = simulation.step_functions.create_state_machine

        def noted(**request: Any) -> dict[str, Any]:
            self.made.append(simulation.clock.now)
            return create(**request)

        simulation.step_functions.create_state_machine = noted  # type: ignore[method-assign]
        simulation.boundary.around = self.take_time

    def take_time(self, call: Call, act: Callable[[], Any]) -> Any:
        if self.simulation.function is not None:
            self.simulation.clock.advance(CALL_MS)
        return act()

    def draft(self, workspace: str = WORKSPACE, **trigger: Any) -> str:
        made = self.simulation.request(
            "api", "POST", "/v1/automations", document(**trigger), workspace
        )
        assert made["status"] == 201, made
        return str(made["body"]["id"])

    def save(self, automation_id: str, message: str) -> dict[str, Any]:
        path = f"/v1/automations/{automation_id}"
        return self.simulation.request("api", "PUT", path, document(message))

    def post(
        self, automation_id: str, action: str = "activate", workspace: str = WORKSPACE
    ) -> dict[str, Any]:
        path = f"/v1/automations/{automation_id}/{action}"
        return self.simulation.request("api", "POST", path, None, workspace)

    def get(self, path: str, workspace: str = WORKSPACE) -> dict[str, Any]:
        return self.simulation.request("query", "GET", path, None, workspace)

    def outcome(self, answer: dict[str, Any]) -> str:
        """Returns the final status of the activation that this answer was about."""
        if answer["status"] == 200:
            assert answer["body"]["status"] == "ACTIVE"
            return "ACTIVE"
        assert answer["status"] == 202, answer
        asked = self.get(answer["headers"]["Location"])
        assert asked["status"] == 200, asked
        return str(asked["body"]["status"])

    def use_up_turns(self) -> None:
        """Uses all activations that the workspace may make now."""
        while self.post(self.draft())["status"] == 200:
            continue

    def machines(self, automation_id: str) -> list[str]:
        arns = self.simulation.step_functions.machines
        return sorted(arn.rpartition("-")[2] for arn in arns if automation_id in arn)

    def tick(self, minutes: int = 1) -> None:
        for _ in range(minutes):
            self.simulation.clock.advance(MINUTE)
            self.simulation.tick()


@pytest.fixture
def people(no_sleeping: None) -> Iterator[People]:
    with open_simulation() as simulation:
        simulation.open_workspace(QUIET)
        yield People(simulation)


def test_a_crowd_delays_only_its_own_workspace(people: People) -> None:
    simulation = people.simulation
    crowd = [people.draft() for _ in range(60)]
    quiet = [people.draft(QUIET) for _ in range(5)]
    answers = []
    for number, automation_id in enumerate(crowd):
        began = simulation.clock.now
        answers.append(people.post(automation_id))
        # Even with a long queue, an answer takes only as long as its calls.
        assert simulation.clock.now - began < 2 * SECOND
        if number % 20 == 10:
            began = simulation.clock.now
            assert people.post(quiet.pop(), workspace=QUIET)["status"] == 200
            assert simulation.clock.now - began < 2 * SECOND
    statuses = Counter(answer["status"] for answer in answers)
    assert set(statuses) == {200, 202} and statuses[200] >= WORKSPACE_ROOM
    waiting = [answer for answer in answers if answer["status"] == 202]
    assert {answer["body"]["activation"]["status"] for answer in waiting} == {"PENDING"}
    assert {answer["headers"]["Retry-After"] for answer in waiting} == {"2"}
    for _ in range(4):
        people.tick()
        if quiet:
            assert people.post(quiet.pop(), workspace=QUIET)["status"] == 200
    assert [people.outcome(answer) for answer in answers] == ["ACTIVE"] * 60
    assert [people.machines(each) for each in crowd] == [["v1"]] * 60
    # Never more than AWS grants: a bucket of ROOM that is refilled by one in an INTERVAL.
    for begin in people.made:
        for span in (SECOND, 10 * SECOND, MINUTE):
            within = [each for each in people.made if begin <= each < begin + span]
            assert len(within) <= ROOM + span // INTERVAL


def test_many_workspaces_take_turns(people: People) -> None:
    """Six crowds request more than AWS grants: each gets its share, and a latecomer still gets a
    turn."""
    names = [f"ws_crowd{number}" for number in range(6)]
    for name in names:
        people.simulation.open_workspace(name)
    drafts = {name: [people.draft(name) for _ in range(12)] for name in names}
    done = Counter[str]()
    for name in names:
        for automation_id in drafts[name]:
            done[name] += people.post(automation_id, workspace=name)["status"] == 200
    assert sum(done.values()) < 72 and min(done.values()) >= 1
    assert people.post(people.draft(QUIET), workspace=QUIET)["status"] == 200
    people.tick(3)
    for name in names:
        rows = [people.simulation.activation(each)["status"] for each in drafts[name]]
        assert rows == ["ACTIVE"] * 12, name


class Interrupted:
    """Activates an automation again between any two AWS calls of its activation."""

    def __init__(self, people: People, automation_id: str, times: int) -> None:
        self.people = people
        self.automation_id = automation_id
        self.left = times
        self.views: list[AutomationView] = []
        self.is_inside = False

    def all(self) -> list[AutomationView]:
        self.people.simulation.boundary.around = self._interrupt
        while self.left > 0:
            self._activate()
        self.people.simulation.boundary.around = self.people.take_time
        return self.views

    def _activate(self) -> None:
        self.left -= 1
        activations = services().activations_at("https://api.example.com")
        self.views.append(activations.activate(WORKSPACE, self.automation_id, OPERATOR))

    def _interrupt(self, call: Call, act: Callable[[], Any]) -> Any:
        if self.left > 0 and not self.is_inside:
            self.is_inside = True
            for _ in range(min(3, self.left)):
                self._activate()
            self.is_inside = False
        return act()


def test_fifty_concurrent_requests_share_one_activation(people: People) -> None:
    automation_id = people.draft(signed=True)
    views = Interrupted(people, automation_id, 50).all()
    assert len(views) == 50
    people.tick(3)
    for view in views:
        assert view.activation is not None
        assert view.activation.version == 1
    shown = people.get(f"/v1/automations/{automation_id}")["body"]
    assert (shown["status"], shown["version"]) == ("ACTIVE", 1)
    assert shown["activation"]["status"] == "ACTIVE"
    assert people.machines(automation_id) == ["v1"]
    assert len(people.made) == 1
    # The signing secret was shown once.
    secrets = [
        secret
        for view in views
        for part in (view.activation, view.webhook)
        if part is not None and (secret := part.secret) is not None
    ]
    assert len(secrets) == 1


def test_a_repeated_request_completes_a_pending_activation(people: People) -> None:
    people.use_up_turns()
    automation_id = people.draft()
    first = people.post(automation_id)
    assert first["status"] == 202
    assert first["headers"]["Location"] == f"/v1/automations/{automation_id}/activations/1"
    assert people.post(automation_id)["body"]["activation"] == first["body"]["activation"]
    people.simulation.clock.advance(10 * SECOND)
    assert people.post(automation_id)["status"] == 200
    assert people.outcome(first) == "ACTIVE"


def test_a_202_shows_the_secret_of_a_signed_webhook(people: People) -> None:
    people.use_up_turns()
    automation_id = people.draft(signed=True)
    answer = people.post(automation_id)
    assert (answer["status"], answer["body"]["webhook"]["secret"]) == (202, None)
    assert answer["body"]["webhook"]["hasSecret"]
    secret = answer["body"]["activation"]["secret"]
    assert len(secret) >= 32
    assert people.post(automation_id)["body"]["activation"]["secret"] is None
    people.tick()
    view = people.get(f"/v1/automations/{automation_id}")["body"]
    assert (view["status"], view["activation"]["status"]) == ("ACTIVE", "ACTIVE")
    assert view["activation"]["secret"] is None and view["webhook"]["signed"]
    assert secret in str(people.simulation.secrets.values)


def test_a_pending_activation_ignores_a_draft_saved_later(people: People) -> None:
    people.use_up_turns()
    automation_id = people.draft()
    asked = people.post(automation_id)
    assert people.save(automation_id, "never")["status"] == 200
    people.tick()
    assert people.outcome(asked) == "ACTIVE"
    view = people.get(f"/v1/automations/{automation_id}")["body"]
    assert (view["status"], view["version"], view["hasUnpublishedChanges"]) == ("ACTIVE", 1, True)
    version = people.get(f"/v1/automations/{automation_id}/versions/1")["body"]
    assert version["graph"]["nodes"][1]["config"]["message"] == "no"


def test_activating_a_newer_draft_replaces_the_pending_activation(people: People) -> None:
    people.use_up_turns()
    automation_id = people.draft()
    first = people.post(automation_id)
    people.save(automation_id, "never")
    second = people.post(automation_id)
    assert (first["status"], second["status"]) == (202, 202)
    assert second["body"]["activation"]["version"] == 2
    people.tick(5)
    assert [people.outcome(each) for each in (first, second)] == ["CANCELED", "ACTIVE"]
    told = people.get(first["headers"]["Location"])["body"]
    assert told["problem"]["code"] == "REPLACED"
    assert told["finishedAt"] is not None
    assert people.machines(automation_id) == ["v2"]
    assert people.simulation.next_tick() is None


@pytest.mark.parametrize(("action", "status"), [("pause", "DRAFT"), ("archive", "ARCHIVED")])
def test_archiving_cancels_a_first_activation(people: People, action: str, status: str) -> None:
    people.use_up_turns()
    automation_id = people.draft()
    asked = people.post(automation_id)
    stopped = people.post(automation_id, action)
    assert (stopped["status"], stopped["body"]["status"]) == (200, status)
    people.tick(5)
    told = people.get(asked["headers"]["Location"])["body"]
    assert told["status"] == "CANCELED"
    assert OPERATOR in told["problem"]["message"]
    assert people.get(f"/v1/automations/{automation_id}")["body"]["status"] == status
    assert people.machines(automation_id) == []
    if status == "DRAFT":
        assert people.post(automation_id, "pause")["status"] == 409
        assert people.post(automation_id)["status"] == 200


@pytest.mark.parametrize("is_paused", [False, True], ids=["active", "paused"])
def test_pausing_cancels_the_activation_of_a_newer_version(people: People, is_paused: bool) -> None:
    automation_id = people.draft()
    assert people.post(automation_id)["status"] == 200
    if is_paused:
        people.post(automation_id, "pause")
    people.use_up_turns()
    people.save(automation_id, "never")
    asked = people.post(automation_id)
    assert asked["status"] == 202
    assert people.post(automation_id, "pause")["body"]["status"] == "PAUSED"
    people.tick(5)
    assert people.outcome(asked) == "CANCELED"
    view = people.get(f"/v1/automations/{automation_id}")["body"]
    assert (view["status"], view["version"]) == ("PAUSED", 1)
    assert people.machines(automation_id) == ["v1"]


def test_a_machine_created_during_a_cancellation_is_deleted(people: People) -> None:
    """The automation is archived after the machine was created and before the version is active."""
    automation_id = people.draft()
    create = people.simulation.step_functions.create_state_machine

    def paused(**request: Any) -> dict[str, Any]:
        made = create(**request)
        services().stopping.stop(WORKSPACE, automation_id, AutomationStatus.ARCHIVED, OPERATOR)
        return made

    people.simulation.step_functions.create_state_machine = paused  # type: ignore[method-assign]
    answer = people.post(automation_id)
    people.simulation.step_functions.create_state_machine = create  # type: ignore[method-assign]
    assert people.outcome(answer) == "CANCELED"
    assert people.machines(automation_id) == ["v1"]
    people.tick(5)
    assert people.machines(automation_id) == []
    assert people.simulation.next_tick() is None


def test_a_machine_refused_by_aws_fails_the_activation_and_leaves_nothing(people: People) -> None:
    automation_id = people.draft()
    create = people.simulation.step_functions.create_state_machine

    def refused(**request: Any) -> dict[str, Any]:
        raise client_error("StateMachineLimitExceeded", "CreateStateMachine", 400)

    people.simulation.step_functions.create_state_machine = refused  # type: ignore[method-assign]
    answer = people.post(automation_id)
    assert answer["status"] == 500
    # No word of AWS reaches a person.
    assert "StateMachine" not in str(answer["body"])
    view = people.get(f"/v1/automations/{automation_id}")["body"]
    assert view["status"] == "DRAFT"
    assert view["activation"]["status"] == "FAILED"
    assert view["activation"]["problem"]["code"] == "MACHINE_REFUSED"
    people.simulation.step_functions.create_state_machine = create  # type: ignore[method-assign]
    again = people.post(automation_id)
    assert (again["status"], again["body"]["activation"]["status"]) == (200, "ACTIVE")
    people.tick(5)
    assert len(people.machines(automation_id)) == 1


def test_an_activation_fails_after_an_outage_of_an_hour(people: People) -> None:
    automation_id = people.draft()
    create = people.simulation.step_functions.create_state_machine

    def away(**request: Any) -> dict[str, Any]:
        raise client_error("ThrottlingException", "CreateStateMachine", 400)

    people.simulation.step_functions.create_state_machine = away  # type: ignore[method-assign]
    answer = people.post(automation_id)
    assert answer["status"] == 202
    people.tick(30)
    assert people.outcome(answer) == "PENDING"
    people.tick(40)
    assert people.outcome(answer) == "FAILED"
    told = people.get(answer["headers"]["Location"])["body"]
    assert told["problem"]["code"] == "MACHINE_NOT_MADE"
    people.simulation.step_functions.create_state_machine = create  # type: ignore[method-assign]
    assert people.post(automation_id)["status"] == 200


def test_the_outcome_of_an_activation_is_kept_for_thirty_days(people: People) -> None:
    automation_id = people.draft()
    people.post(automation_id)
    path = f"/v1/automations/{automation_id}/activations/1"
    people.simulation.clock.advance(29 * DAY)
    assert people.get(path)["body"]["status"] == "ACTIVE"
    people.simulation.clock.advance(DAY + HOUR)
    # DynamoDB deletes what expired days later.
    assert people.get(path)["status"] == 404
    assert people.get(f"/v1/automations/{automation_id}")["body"]["activation"] is None
    assert people.get(path, QUIET)["status"] == 404


def test_concurrent_requests_resume_a_paused_automation(people: People) -> None:
    automation_id = people.draft()
    people.post(automation_id)
    people.post(automation_id, "pause")
    views = Interrupted(people, automation_id, 50).all()
    assert {view.status for view in views} == {AutomationStatus.ACTIVE}
    assert len(people.made) == 1
