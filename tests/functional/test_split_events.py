"""`split`: each element of an event opens its own run, once, whatever breaks in between."""

import json
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from runledger.errors import InvalidInputError, PayloadTooLargeError, TransientError
from runledger.models.contact import ContactDocument
from runledger.services.triggers.event_opening import TakenEvent
from runledger.sources.splitting import MAX_ELEMENTS
from runledger.store import keys

from tests.functional.test_webhooks import event, hooked
from tests.support.api_calls import wrap_calls
from tests.support.depth import examples
from tests.support.engine import Engine

ITEMS = {"split": "items", "dedupe": "ON"}
BY_EMAIL = {"by": "email", "path": "email"}
PEOPLE = ("ada", "bob", "ada", "eve")


def order(*names: str) -> dict[str, Any]:
    items = [{"id": n, "email": f"{name}@example.com"} for n, name in enumerate(names)]
    return {"shop": "one", "items": items}


def send(engine: Engine, token: str, body: Any, **headers: str) -> TakenEvent:
    return engine.webhooks.receive(event(token, json.dumps(body).encode(), **headers))


def run_ids(taken: TakenEvent) -> list[str]:
    return [each.opened.run.id for each in taken.results if each.opened is not None]


def runs(engine: Engine) -> list[str]:
    rows = [row for row in engine.rows() if row["sk"] == "RUN"]
    return sorted(str(row["pk"]).removeprefix("RUN#") for row in rows)


def refusals(engine: Engine) -> list[dict[str, Any]]:
    return [row for row in engine.rows() if row["sk"] == "REFUSAL"]


def answer(engine: Engine, token: str, body: Any) -> tuple[int, Any]:
    answered = engine.webhooks.answer(event(token, json.dumps(body).encode())).answer
    return answered.status, json.loads(answered.body)


def test_each_element_opens_its_run_with_paths_of_its_own(engine: Engine) -> None:
    token = hooked(engine, **ITEMS, contactLookup=BY_EMAIL, createIfMissing=True)
    taken = send(engine, token, order(*PEOPLE))
    histories = [engine.stores.runs.history(run_id) for run_id in run_ids(taken)]
    assert [each.event.body["id"] for each in histories] == [0, 1, 2, 3]
    emails = [each.run.contact_email for each in histories]
    assert emails == [f"{name}@example.com" for name in PEOPLE]
    # The same person is one contact.
    assert len({each.run.contact_id for each in histories}) == 3
    (counted,) = [row for row in engine.rows() if row["pk"].startswith("RATE#")]
    assert counted["events"] == 1


@pytest.mark.parametrize("body", [[{"id": 1}, {"id": 2}], {"items": [1, [2], "three", None]}])
def test_any_json_value_may_be_an_element(engine: Engine, body: Any) -> None:
    token = hooked(engine, split="$" if isinstance(body, list) else "items")
    taken = send(engine, token, body)
    elements = body if isinstance(body, list) else body["items"]
    stored = [engine.stores.runs.history(run_id).event.body for run_id in run_ids(taken)]
    shown = [
        each
        if isinstance(each, dict)
        else {"items": each}
        if isinstance(each, list)
        else {"value": each}
        for each in elements
    ]
    assert stored == shown


def test_the_answer_names_every_element(engine: Engine) -> None:
    engine.contacts.create(engine.workspace_id, ContactDocument(email="ada@example.com"))
    wanted = {"kind": "COMPARE", "left": "{{trigger.id}}", "operator": "LESS_THAN", "right": 3}
    token = hooked(engine, **ITEMS, contactLookup=BY_EMAIL, filter=wanted)
    status, body = answer(engine, token, order(*PEOPLE))
    assert status == 202
    first, second, third, fourth = body["runs"]
    assert (first["index"], first["status"], first["duplicate"]) == (0, "PENDING", False)
    assert second == {
        "index": 1,
        "refused": "no contact has this email, and the trigger does not create contacts",
    }
    assert third["runId"] != first["runId"]
    assert fourth == {"index": 3, "ignored": True}
    (refusal,) = refusals(engine)
    assert refusal["reason"] == "NO_CONTACT"
    assert refusal["message"].startswith("1 of 4 elements were refused; element 1: no contact")
    assert refusal["keptUntil"]
    # A repeat returns the same runs, and leaves no second refusal.
    again = answer(engine, token, order(*PEOPLE))[1]["runs"]
    assert [each.get("runId") for each in again] == [each.get("runId") for each in body["runs"]]
    assert [each.get("duplicate") for each in again] == [True, None, True, None]
    assert len(refusals(engine)) == 1


def test_a_refused_event_is_replayed_as_a_whole(engine: Engine) -> None:
    token = hooked(engine, **ITEMS, contactLookup=BY_EMAIL)
    status, body = answer(engine, token, order("ada", "bob"))
    assert status == 422
    assert ["refused" in each for each in body["runs"]] == [True, True]
    (refusal,) = refusals(engine)
    for name in ("ada", "bob"):
        document = ContactDocument(email=f"{name}@example.com")
        engine.contacts.create(engine.workspace_id, document)
    refusal_id = str(refusal["pk"]).removeprefix("REFUSAL#")
    replayed = engine.replays.replay(engine.workspace_id, refusal_id, "ada@example.com")
    assert [each.is_duplicate for each in replayed.runs] == [False, False]
    # The sender's own repeat finds these runs.
    again = send(engine, token, order("ada", "bob"))
    assert run_ids(again) == [each.run.id for each in replayed.runs]


def test_no_element_wanted_is_ignored(engine: Engine) -> None:
    never = {"kind": "COMPARE", "left": "{{trigger.id}}", "operator": "IS_EMPTY"}
    token = hooked(engine, **ITEMS, filter=never)
    assert answer(engine, token, order("ada")) == (202, {"status": "IGNORED"})
    assert answer(engine, token, {"items": []}) == (202, {"status": "IGNORED"})


@pytest.mark.parametrize(
    ("trigger", "first", "second", "same"),
    [
        # The event's key and the element's place.
        ({}, [{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 2}], [True, True]),
        ({}, [{"n": 1}, {"n": 2}], [{"n": 2}, {"n": 1}], [False, False]),
        ({"splitId": "n"}, [{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 2}], [True, True]),
        # `dedupePath` begins at the element, and needs no key of the event.
        ({"dedupePath": "n"}, [{"n": 1}, {"n": 2}], [{"n": 2}, {"n": 3}], [True, False]),
        ({"dedupe": "OFF"}, [{"n": 1}], [{"n": 1}], [False]),
    ],
)
def test_the_key_of_an_element(
    engine: Engine, trigger: dict[str, Any], first: Any, second: Any, same: list[bool]
) -> None:
    token = hooked(engine, split="$", **trigger)
    before = set(run_ids(send(engine, token, first)))
    assert [run_id in before for run_id in run_ids(send(engine, token, second))] == same


def test_one_idempotency_key_with_another_body_is_refused(engine: Engine) -> None:
    token = hooked(engine, split="$")
    send(engine, token, [{"n": 1}, {"n": 2}], idempotency_key="k")
    taken = send(engine, token, [{"n": 1}, {"n": 3}], idempotency_key="k")
    assert [each.refused is None for each in taken.results] == [True, False]


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"other": []}, InvalidInputError, "no list at items"),
        ({"items": [{}] * (MAX_ELEMENTS + 1)}, InvalidInputError, "at most 500"),
        ({"items": ["x" * 4_000_000]}, PayloadTooLargeError, "4000000"),
    ],
)
def test_an_event_that_cannot_be_split_opens_nothing(
    engine: Engine, body: Any, kind: type[Exception], words: str
) -> None:
    token = hooked(engine, **ITEMS)
    with pytest.raises(kind, match=words):
        send(engine, token, body)
    assert runs(engine) == []


def test_one_element_that_is_too_large_does_not_stop_the_others(engine: Engine) -> None:
    token = hooked(engine, **ITEMS)
    taken = send(engine, token, {"items": [{"n": 1}, {"x": "y" * 1_000_001}, {"n": 3}]})
    assert [each.refused is not None for each in taken.results] == [False, True, False]


def test_elements_of_one_contact_are_opened_in_their_order(engine: Engine) -> None:
    token = hooked(
        engine,
        split="$",
        contactLookup=BY_EMAIL,
        createIfMissing=True,
        updateContact=True,
        contactFields={"metadata.plan": "plan"},
    )
    email = "ada@example.com"
    plans = [{"email": email, "plan": plan} for plan in ("free", "pro", "gold")]
    (first, *_) = send(engine, token, plans).results
    assert first.opened is not None
    assert first.opened.run.contact_id is not None
    contact = engine.stores.contacts.get(engine.workspace_id, first.opened.run.contact_id)
    assert contact.metadata == {"plan": "gold"}


# ── faults ────────────────────────────────────────────────────────────────────────────────────


class KilledError(BaseException):
    """The process died."""


def broken(
    engine: Engine, patch: pytest.MonkeyPatch, point: int, fault: Callable[[Any], Any]
) -> None:
    """Breaks the call with this number, and every later one: the process is gone."""
    calls = 0

    def around(operation: str, act: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        return act() if calls <= point else fault(act if calls == point + 1 else None)

    wrap_calls(patch, engine.table, around)


def count_calls(engine: Engine, patch: pytest.MonkeyPatch, act: Callable[[], Any]) -> int:
    calls = 0

    def around(operation: str, call: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        return call()

    with patch.context() as patched:
        wrap_calls(patched, engine.table, around)
        act()
    return calls


def cut_in(engine: Engine, patch: pytest.MonkeyPatch, point: int, act: Callable[[], Any]) -> None:
    """Lets something happen just before the call with this number."""
    calls = 0

    def around(operation: str, call: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        if calls == point + 1:
            act()
        return call()

    wrap_calls(patch, engine.table, around)


def keep(results: list[TakenEvent], act: Callable[[], TakenEvent]) -> None:
    results.append(act())


def killed_before(act: Any) -> Any:
    raise KilledError


def killed_after(act: Any) -> Any:
    if act is not None:
        act()
    raise KilledError


@pytest.mark.parametrize("fault", [killed_before, killed_after])
def test_after_a_kill_at_any_call_the_repeat_opens_each_element_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Any], Any]
) -> None:
    trigger = {**ITEMS, "contactLookup": BY_EMAIL, "createIfMissing": True}
    token = hooked(engine, **trigger)

    def body(point: int) -> dict[str, Any]:
        return order(*(f"{name}{point}" for name in ("ada", "bob", "ada")))

    send(engine, token, body(-2))
    total = count_calls(engine, monkeypatch, lambda: send(engine, token, body(-1)))
    assert total > 10
    for point in range(total):
        before = set(runs(engine))
        with monkeypatch.context() as patched:
            broken(engine, patched, point, fault)
            with pytest.raises(KilledError):
                send(engine, token, body(point))
        left = set(runs(engine)) - before
        taken = send(engine, token, body(point))
        assert len(run_ids(taken)) == 3
        assert left <= set(run_ids(taken)), point
        assert set(runs(engine)) - before == set(run_ids(taken)), point
        contacts = {engine.stores.runs.get(run_id).contact_id for run_id in run_ids(taken)}
        assert len(contacts) == 2, point


def test_five_hundred_elements_survive_kills_in_the_middle(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, report_figure: Callable[[str], None]
) -> None:
    token = hooked(engine, split="$", contactLookup=BY_EMAIL, createIfMissing=True)
    body = [{"email": f"c{n % 250}@example.com", "n": n} for n in range(MAX_ELEMENTS)]
    kills = examples(10, quick=3)
    opened: list[int] = []
    for number in range(kills):
        with monkeypatch.context() as patched:
            broken(engine, patched, 200 * (number + 1), killed_after)
            with pytest.raises(KilledError):
                send(engine, token, body)
        opened.append(len(runs(engine)))
    # Each repeat goes on where the one before was killed.
    assert all(before < after for before, after in pairwise(opened))
    taken = send(engine, token, body)
    assert len(run_ids(taken)) == MAX_ELEMENTS
    assert runs(engine) == sorted(run_ids(taken))
    bodies = [engine.stores.runs.history(run_id).event.body for run_id in run_ids(taken)]
    assert bodies == body
    calls = count_calls(engine, monkeypatch, lambda: send(engine, token, body))
    report_figure(f"a repeat of {MAX_ELEMENTS} elements: {calls} calls")
    # A few reads find the runs; no element is opened again.
    assert calls < 30


def test_a_passing_fault_of_one_element_is_one_of_the_event(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = hooked(engine, **ITEMS)
    body = order("ada", "bob", "eve")
    put = engine.table.put
    puts = 0

    def flaky(item: Any, condition: Any = None) -> Any:
        nonlocal puts
        puts += 1
        if puts == 3:
            raise TransientError("throttled")
        return put(item, condition)

    with monkeypatch.context() as patched:
        patched.setattr(engine.table, "put", flaky)
        with pytest.raises(TransientError):
            send(engine, token, body)
    # The others were opened, and nothing was refused.
    assert len(runs(engine)) == 2
    assert refusals(engine) == []
    assert len(run_ids(send(engine, token, body))) == 3
    assert len(runs(engine)) == 3


def test_two_deliveries_at_the_same_time_open_each_element_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each call that the intake of an event makes, sends an event twice: the second delivery
    comes just before this call of the first delivery."""
    trigger = {**ITEMS, "contactLookup": BY_EMAIL, "createIfMissing": True}
    token = hooked(engine, **trigger)

    def body(point: int) -> dict[str, Any]:
        return order(*(f"{name}{point}" for name in ("ada", "bob", "ada")))

    send(engine, token, body(-2))
    total = count_calls(engine, monkeypatch, lambda: send(engine, token, body(-1)))
    for point in range(total):
        before = set(runs(engine))
        inside: list[TakenEvent] = []
        with monkeypatch.context() as patched:
            second = partial(send, engine, token, body(point))
            cut_in(engine, patched, point, partial(keep, inside, second))
            taken = send(engine, token, body(point))
        (other,) = inside
        assert run_ids(taken) == run_ids(other), point
        assert set(runs(engine)) - before == set(run_ids(taken)), point
        contacts = {engine.stores.runs.get(run_id).contact_id for run_id in run_ids(taken)}
        assert len(contacts) == 2, point


def test_a_damaged_run_does_not_keep_the_other_elements_out(engine: Engine) -> None:
    token = hooked(engine, split="$", dedupePath="n")
    (known,) = run_ids(send(engine, token, [{"n": 1}]))
    row = engine.table.get(keys.run(known), consistent=True)
    assert row is not None
    engine.table.put({**row, "attempt": "many"})
    taken = send(engine, token, [{"n": 1}, {"n": 2}])
    assert len(runs(engine)) == 2
    assert [each.opened is not None and each.opened.is_duplicate for each in taken.results] == [
        True,
        False,
    ]
    assert run_ids(taken)[0] == known
