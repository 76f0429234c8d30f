"""Breaks in turn every AWS call that sets or rotates a webhook's keys, and plays two rotations and
an event in random orders. At every moment, some valid secret is known: it is the sender's, or was
shown to somebody. Every valid version has its label and its value."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from runledger.api.automations import RotationDocument
from runledger.clock import MINUTE
from runledger.composition import services
from runledger.errors import ConflictError, UnauthorizedError
from runledger.models.automation import Automation
from runledger.services.automations.rotation import UNDER_WAY
from runledger.services.secrets.signing import SigningKeys
from runledger.services.triggers.webhook_request import WebhookRequest

from tests.functional.test_activation_throttle import document
from tests.functional.test_rotation import signature
from tests.support.boundary import Call, straight
from tests.support.depth import examples
from tests.support.faults import Fault, FaultyCall
from tests.support.kill_points import kill_points
from tests.support.scheduler import AtRandom, Interleaving
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

SEEDS = examples(500, quick=100)
BODY = b'{"n": 1}'
OWN = "the sender's own secret"
LONG = 60
Document = dict[str, Any]


class Hook:
    """The webhook of one automation, and the secrets that its sender or the API's caller has seen
    so far."""

    def __init__(self, simulation: Simulation, automation_id: str, secret: str) -> None:
        self.simulation = simulation
        self.automation_id = automation_id
        self.path = f"/v1/automations/{automation_id}/rotate-secret"
        self.token = simulation.webhook_path(automation_id).rpartition("/")[2]
        self.first = secret
        self.known = {secret, OWN}
        self.wrong: list[str] = []

    def row(self) -> Automation:
        return services().stores.automations.get(WORKSPACE, self.automation_id)

    def valid(self) -> tuple[str, ...]:
        """Returns the secrets that a process without a cache accepts."""
        secrets = self.simulation.client("secretsmanager")
        return SigningKeys(secrets, "runledger", self.simulation.clock).of(self.row()).secrets

    def rotate(self, sent: Document) -> dict[str, Any]:
        answer = self.simulation.request("api", "POST", self.path, sent)
        if answer["status"] == 200 and answer["body"]["webhook"]["secret"]:
            self.known.add(answer["body"]["webhook"]["secret"])
        return answer

    def check(self, when: str) -> None:
        """Notes if nobody knows a valid secret, or if a valid version has lost its label. Secrets
        Manager may delete a version without a label."""
        valid = self.valid()
        if not set(valid) & self.known:
            self.wrong.append(f"{when}: nobody knows a valid secret")
        keys = self.row().webhook_keys
        versions = self.simulation.secrets.secrets[f"runledger/webhooks/{self.automation_id}"]
        for each in (keys.current, *keys.previous) if keys else ():
            if each is not None and each.label not in versions[each.id].labels:
                self.wrong.append(f"{when}: {each.id} has lost its label {each.label}")


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with open_simulation() as opened:
        yield opened


@pytest.fixture(scope="module")
def hook(simulation: Simulation) -> Hook:
    made = simulation.request("api", "POST", "/v1/automations", document(signed=True))
    path = f"/v1/automations/{made['body']['id']}/activate"
    active = simulation.request("api", "POST", path, None)
    assert active["status"] == 200, active
    return Hook(simulation, made["body"]["id"], active["body"]["webhook"]["secret"])


def make_old(hook: Hook) -> None:
    """Puts the row and the secret into the form in which an earlier version of Runledger left them:
    no named version, and the secret as plain text."""
    name = f"runledger/webhooks/{hook.automation_id}"
    hook.simulation.secrets.secrets.pop(name)
    hook.simulation.client("secretsmanager").create_secret(Name=name, SecretString=hook.first)
    table = hook.simulation.table
    (row,) = (dict(each) for each in table.items() if each["sk"] == hook.automation_id)
    row.pop("webhookKeys", None)
    table.put(row)


class Checked(FaultyCall):
    """Breaks a call, and checks the webhook after each call."""

    def __init__(self, hook: Hook, point: int | None = None, fault: Fault | None = None) -> None:
        super().__init__(hook.simulation, point, fault)
        self._hook = hook
        self._is_checking = False

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        if self._is_checking:
            return act()
        try:
            return super().__call__(call, act)
        finally:
            self._is_checking = True
            self._hook.check(f"after {call}")
            self._is_checking = False


STORIES: dict[str, Document] = {
    "makes a secret": {"overlapMinutes": LONG},
    "takes the sender's secret": {"secret": OWN, "overlapMinutes": LONG},
    "takes it and withdraws at once": {"secret": OWN, "overlapMinutes": 0},
}


@pytest.mark.parametrize("is_old", [False, True], ids=["row names versions", "old row"])
@pytest.mark.parametrize("patient", [True, False])
@pytest.mark.parametrize("story", STORIES)
def test_after_any_fault_a_known_secret_is_valid(
    hook: Hook,
    story: str,
    patient: bool,
    is_old: bool,
    monkeypatch: pytest.MonkeyPatch,
    report_figure: Callable[[str], None],
) -> None:
    simulation, sent = hook.simulation, STORIES[story]
    if not patient:
        # Somebody who does not try again by himself.
        monkeypatch.setattr("tests.support.simulation.PERSON_WAITS", (0,))
    keep = simulation.snapshot()
    if is_old:
        make_old(hook)
    else:
        # An overlap that is still running: its version must stay readable as well.
        assert hook.rotate({"secret": hook.first, "overlapMinutes": LONG})["status"] == 200
    restore = simulation.snapshot()
    unbroken = Checked(hook)
    simulation.boundary.around = unbroken
    try:
        assert hook.rotate(sent)["status"] == 200
        points = kill_points(f"{story} {is_old} {patient}", unbroken.made, lambda call: Fault)
        for point, fault in points:
            restore()
            hook.wrong.clear()
            simulation.boundary.around = Checked(hook, point, fault)
            told = f"{unbroken.made[point]}: {fault}"
            answer = hook.rotate(sent)
            simulation.boundary.around = straight
            assert hook.wrong == [], told
            _is_settled(hook, sent, answer, told)
    finally:
        simulation.boundary.around = straight
        hook.wrong.clear()
        keep()
    assert len(points) >= len(Fault)
    report_figure(f"{story}: {len(unbroken.made)} calls, {len(points)} kill points")


def _is_settled(hook: Hook, sent: Document, answer: dict[str, Any], told: str) -> None:
    """Checks that the newest valid secret is the one that a successful answer promised, and that
    the next rotation works after a minute."""
    if answer["status"] == 200:
        expected = answer["body"]["webhook"]["secret"] or sent.get("secret", hook.first)
        assert hook.valid()[0] == expected, told
    hook.simulation.clock.advance(UNDER_WAY)
    again = hook.rotate({"secret": OWN, "overlapMinutes": LONG})
    assert again["status"] == 200, (told, again)
    assert hook.valid()[0] == OWN, told
    hook.check(told)
    assert hook.wrong == [], told


def test_of_two_rotations_in_any_order_one_wins_and_an_event_is_accepted(
    hook: Hook, report_figure: Callable[[str], None]
) -> None:
    """Two rotations and an event run at the same time. At least one rotation succeeds and returns
    its new secret. The newest valid secret at the end is one that a rotation returned. The event,
    signed with the secret from before the rotations, is accepted."""
    simulation = hook.simulation
    restore = simulation.snapshot()
    shown: list[str] = []
    accepted: list[bool] = []
    orders: set[tuple[str, ...]] = set()

    def rotate() -> None:
        rotations = services().rotations_at("https://api.example.com")
        document = RotationDocument(overlap_minutes=LONG)
        with suppress(ConflictError):
            view = rotations.rotate(WORKSPACE, hook.automation_id, document, "ada@example.com")
            assert view.webhook is not None and view.webhook.secret is not None
            shown.append(view.webhook.secret)

    def send() -> None:
        headers = {
            "content-type": "application/json",
            "x-runledger-signature": signature(hook.first, BODY),
        }
        event = WebhookRequest(hook.token, headers, BODY, "203.0.113.9")
        try:
            services().webhooks.receive(event)
        except UnauthorizedError:
            accepted.append(False)
        else:
            accepted.append(True)

    try:
        for seed in range(SEEDS):
            restore()
            services().signing_keys.cached.clear()
            shown.clear()
            accepted.clear()
            race = Interleaving(simulation.boundary, AtRandom(seed))
            race.run({"one": rotate, "two": rotate, "event": send})
            calls = "\n  ".join(race.order)
            assert accepted == [True], calls
            assert len(shown) >= 1, calls
            assert hook.valid()[0] in shown, calls
            hook.known.update(shown)
            hook.check(calls)
            assert hook.wrong == []
            orders.add(tuple(race.order))
    finally:
        restore()
    assert len(orders) > SEEDS / 2
    report_figure(f"{len(orders)} orders of two rotations and an event")


def test_a_withdrawn_secret_is_refused_at_once_by_a_process_that_has_cached_it(hook: Hook) -> None:
    restore = hook.simulation.snapshot()
    cached = services().signing_keys
    try:
        assert cached.of(hook.row()).secrets == (hook.first,)
        assert hook.rotate({"secret": OWN, "overlapMinutes": 0})["status"] == 200
        assert cached.of(hook.row()).secrets == (OWN,)
        assert hook.rotate({"secret": hook.first, "overlapMinutes": 1})["status"] == 200
        assert set(cached.of(hook.row()).secrets) == {hook.first, OWN}
        hook.simulation.clock.advance(MINUTE)
        assert cached.of(hook.row()).secrets == (hook.first,)
    finally:
        restore()
