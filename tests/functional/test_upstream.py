"""Automations that start when a run of another automation ends."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from runledger.api.runs import RunDocument
from runledger.errors import ConflictError, InvalidGraphError, RunledgerError, TransientError
from runledger.ids import derived_id
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.contact import ContactDocument
from runledger.models.refusal import Refusal, RefusalReason
from runledger.models.run import Cancellation, RunStatus, TriggerType
from runledger.services.automations.upstream_checks import MAX_DOWNSTREAM
from runledger.services.triggers.upstream import MAX_DEPTH, dedupe_key
from runledger.store import keys

from tests.support.api_calls import wrap_calls
from tests.support.engine import Engine

BY = "ada@example.com"
LOOKUP: dict[str, Any] = {
    "contactLookup": {"by": "email", "path": "email"},
    "createIfMissing": True,
}


def upstream_document(name: str = "First", **trigger: Any) -> dict[str, Any]:
    """Returns an automation that fails for a number up to 10; otherwise it stores the number's
    double and completes."""
    big = {"kind": "COMPARE", "left": "{{trigger.n}}", "operator": "GREATER_THAN", "right": 10}
    kept = {"target": "vars.double", "value": "{{trigger.n | times: 2}}", "type": "NUMBER"}
    return {
        "name": name,
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **trigger}},
            {"id": "big", "type": "CONDITION", "config": big},
            {"id": "keep", "type": "SET", "config": {"assignments": [kept]}},
            {"id": "small", "type": "STOP_ERROR", "config": {"message": "only {{trigger.n}}"}},
            {"id": "done", "type": "END", "config": {}},
        ],
        "edges": [
            {"source": "start", "target": "big"},
            {"source": "big", "target": "keep", "label": "true"},
            {"source": "big", "target": "small", "label": "false"},
            {"source": "keep", "target": "done"},
        ],
    }


def waiting(upstream_id: str, name: str = "Second", **more: Any) -> dict[str, Any]:
    """Returns an automation that starts after each run of another one and does nothing."""
    reentry = more.pop("reentry", "ALWAYS")
    config = {"triggerType": "UPSTREAM", "automationId": upstream_id, **more}
    return {
        "name": name,
        "reentry": reentry,
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": config},
            {"id": "done", "type": "END", "config": {}},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }


def by_hand(name: str = "Hand") -> dict[str, Any]:
    document = waiting("", name)
    document["nodes"][0]["config"] = {"triggerType": "MANUAL"}
    return document


def edit(engine: Engine, automation_id: str, document: dict[str, Any]) -> None:
    """Saves a new draft and makes it the active version."""
    parsed = AutomationDocument.model_validate(document)
    engine.automations.update(engine.workspace_id, automation_id, parsed, BY)
    engine.activations.activate(engine.workspace_id, automation_id, BY)


def end(engine: Engine, automation_id: str, n: int = 20, **payload: Any) -> str:
    """Returns the id of a new upstream run that has ended."""
    run_id = engine.fire(automation_id, {"n": n, **payload})
    engine.walk(run_id)
    return run_id


def follow(engine: Engine, run_id: str) -> None:
    engine.upstream_runs.follow(engine.workspace_id, run_id)


def opened_by(engine: Engine, automation_id: str, run_id: str) -> str:
    """Returns the id of the run that the end of another run opens."""
    return derived_id("run", engine.workspace_id, automation_id, dedupe_key(run_id))


def refusals(engine: Engine) -> list[Refusal]:
    ids = [row["createdKey"][14:] for row in engine.rows() if row["sk"] == "REFUSAL"]
    return list(engine.stores.refusals.get_many(ids).values())


def downstream_of(engine: Engine, automation_id: str) -> list[str]:
    return engine.stores.automations.downstream_ids(automation_id)


def problem_of(refused: Any) -> dict[str, Any]:
    (problem,) = refused.value.problems
    assert (problem["nodeId"], problem["field"]) == ("start", "automationId")
    return dict(problem)


# ── Opening ──────────────────────────────────────────────────────────────────────────────────────


def test_the_end_of_a_run_opens_one_with_its_contact_and_outputs(engine: Engine) -> None:
    first = engine.activate(upstream_document(**LOOKUP))
    second = engine.activate(waiting(first))
    ended = end(engine, first, email="ada@example.com")

    follow(engine, ended)

    run_id = opened_by(engine, second, ended)
    told = engine.detail(run_id)
    before = engine.detail(ended)
    assert told["status"] == "PENDING"
    assert told["contact"] == before["contact"] and told["contact"]["email"] == "ada@example.com"
    assert told["trigger"] == {
        "type": "UPSTREAM",
        "upstreamRunId": ended,
        "upstreamAutomationId": first,
        "depth": 1,
    }
    assert told["payload"] == {
        "run": {
            "id": ended,
            "automationId": first,
            "automationName": "First",
            "version": 1,
            "status": "COMPLETED",
            "startedAt": before["startedAt"],
            "finishedAt": before["finishedAt"],
            "error": None,
        },
        "trigger": {"n": 20, "email": "ada@example.com"},
        "steps": {"big": {}, "keep": {"double": 40}},
        "vars": {"double": 40},
    }
    engine.walk(run_id)
    assert engine.status(run_id) is RunStatus.COMPLETED


def test_a_run_shows_the_downstream_runs_it_opened(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    second, third = (engine.activate(waiting(first, name)) for name in ("Second", "Third"))
    engine.activate(waiting(first, "Not this", on=["FAILED"]))
    open_ = engine.fire(first, {"n": 20})
    ended = end(engine, first)
    follow(engine, ended)
    engine.walk(opened_by(engine, third, ended))
    told = {each["automationId"]: each for each in engine.detail(ended)["downstream"]}
    assert told == {
        second: {
            "automationId": second,
            "automationName": "Second",
            "runId": opened_by(engine, second, ended),
            "status": "PENDING",
        },
        third: {
            "automationId": third,
            "automationName": "Third",
            "runId": opened_by(engine, third, ended),
            "status": "COMPLETED",
        },
    }
    assert engine.detail(open_)["downstream"] == []
    assert engine.detail(opened_by(engine, second, ended))["downstream"] == []


def test_a_run_without_a_contact_opens_a_run_without_one(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    second = engine.activate(waiting(first))
    ended = end(engine, first)
    follow(engine, ended)
    assert engine.detail(opened_by(engine, second, ended))["contact"] is None


def test_a_repeated_end_opens_no_second_run_and_no_refusal(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    second = engine.activate(waiting(first, reentry="ONCE"))
    ended = end(engine, first)
    for _ in range(3):
        follow(engine, ended)
    engine.walk(opened_by(engine, second, ended))
    follow(engine, ended)
    assert engine.status(opened_by(engine, second, ended)) is RunStatus.COMPLETED
    assert len([row for row in engine.rows() if row["sk"] == "RUN"]) == 2
    assert refusals(engine) == []


@pytest.mark.parametrize("on", ["COMPLETED", "FAILED", "CANCELED"])
def test_only_the_chosen_statuses_open_a_run(engine: Engine, on: str) -> None:
    first = engine.activate(upstream_document())
    second = engine.activate(waiting(first, on=[on]))
    canceled = engine.fire(first, {"n": 20})
    reason = Cancellation(by=BY, reason="wrong list")
    engine.canceler.cancel(engine.workspace_id, canceled, reason)
    ended = {
        "COMPLETED": end(engine, first),
        "FAILED": end(engine, first, n=3),
        "CANCELED": canceled,
    }
    for run_id in ended.values():
        follow(engine, run_id)
    opened = engine.stores.runs.get_many(opened_by(engine, second, each) for each in ended.values())
    assert set(opened) == {opened_by(engine, second, ended[on])}
    assert engine.detail(next(iter(opened)))["payload"]["run"]["status"] == on
    assert refusals(engine) == []


def test_the_whole_error_of_a_failed_run_is_passed_on(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    second = engine.activate(waiting(first, on=["FAILED"]))
    ended = end(engine, first, n=3)
    follow(engine, ended)
    error = engine.detail(opened_by(engine, second, ended))["payload"]["run"]["error"]
    assert error == {"nodeId": "small", "kind": "STOP_ERROR", "message": "only 3"}


# ── Refusing ─────────────────────────────────────────────────────────────────────────────────────


def test_a_paused_automation_refuses_and_the_others_open_their_runs(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    paused, second = engine.activate(waiting(first)), engine.activate(waiting(first, "Third"))
    engine.stopping.stop(engine.workspace_id, paused, AutomationStatus.PAUSED, BY)
    ended = end(engine, first)

    for _ in range(2):
        follow(engine, ended)

    assert engine.status(opened_by(engine, second, ended)) is RunStatus.PENDING
    (refusal,) = refusals(engine)
    assert (refusal.automation_id, refusal.reason) == (paused, RefusalReason.INACTIVE)
    assert (refusal.trigger_type, refusal.source) == (TriggerType.UPSTREAM, ended)
    engine.activations.activate(engine.workspace_id, paused, BY)
    later = end(engine, first)
    follow(engine, later)
    assert engine.status(opened_by(engine, paused, later)) is RunStatus.PENDING


def test_a_contact_blocked_by_reentry_leaves_a_refusal(engine: Engine) -> None:
    first = engine.activate(upstream_document(**LOOKUP))
    second = engine.activate(waiting(first, reentry="ONCE"))
    earlier, later = (end(engine, first, email="ada@example.com") for _ in range(2))
    for run_id in (earlier, later, later):
        follow(engine, run_id)
    (refusal,) = refusals(engine)
    assert refusal.reason is RefusalReason.REENTRY_BLOCKED
    assert (refusal.run_id, refusal.source) == (opened_by(engine, second, earlier), later)


def test_an_erased_contact_leaves_a_refusal(engine: Engine) -> None:
    first = engine.activate(upstream_document(**LOOKUP))
    engine.activate(waiting(first))
    ended = end(engine, first, email="ada@example.com")
    contact_id = engine.stores.runs.get(ended).contact_id
    assert contact_id is not None
    engine.table.delete(keys.contact(engine.workspace_id, contact_id))
    for _ in range(2):
        follow(engine, ended)
    (refusal,) = refusals(engine)
    assert (refusal.reason, refusal.contact_id) == (RefusalReason.NO_CONTACT, contact_id)


def test_a_payload_that_is_too_large_leaves_a_refusal(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    engine.activate(waiting(first))
    ended = end(engine, first, padding="x" * 999_900)
    for _ in range(2):
        follow(engine, ended)
    (refusal,) = refusals(engine)
    assert refusal.reason is RefusalReason.INVALID_PAYLOAD
    assert "at most 1000000" in refusal.message


@pytest.mark.deep
def test_a_chain_ends_at_its_limit(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    automations = [first]
    for index in range(MAX_DEPTH + 1):
        automations.append(engine.activate(waiting(automations[-1], f"Link {index}")))
    run_id = end(engine, first)
    for depth, automation_id in enumerate(automations[1 : MAX_DEPTH + 1], 1):
        follow(engine, run_id)
        run_id = opened_by(engine, automation_id, run_id)
        assert engine.detail(run_id)["trigger"]["depth"] == depth
        engine.walk(run_id)
        assert engine.status(run_id) is RunStatus.COMPLETED
    for _ in range(2):
        follow(engine, run_id)
    (refusal,) = refusals(engine)
    assert refusal.automation_id == automations[-1]
    assert (refusal.reason, refusal.source) == (RefusalReason.CHAIN_TOO_DEEP, run_id)


def test_a_cycle_that_was_activated_despite_the_check_ends(engine: Engine) -> None:
    """Two concurrent activations do not see each other."""
    first = engine.activate(by_hand("First"))
    second = engine.activate(waiting(first))
    automation = engine.stores.automations.get(engine.workspace_id, first)
    assert automation.active is not None
    trigger = {"triggerType": "UPSTREAM", "automationId": second, "on": ["COMPLETED"]}
    active = automation.active.changed(trigger=trigger)
    engine.stores.automations.activate(automation, automation.changed(active=active))
    document = RunDocument(email="ada@example.com")
    engine.contacts.create(engine.workspace_id, ContactDocument(email="ada@example.com"))
    run_id = engine.manual_runs.open(engine.workspace_id, first, document, BY).run.id
    runs = 0
    while not refusals(engine):
        runs += 1
        engine.walk(run_id)
        follow(engine, run_id)
        run_id = opened_by(engine, (second, first)[(runs - 1) % 2], run_id)
    assert runs == MAX_DEPTH + 1
    assert refusals(engine)[0].reason is RefusalReason.CHAIN_TOO_DEEP


def test_a_failure_for_one_automation_opens_the_others_and_is_retried(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = engine.activate(upstream_document())
    others = [engine.activate(waiting(first, f"Other {index}")) for index in range(3)]
    broken = min(others)
    ended = end(engine, first)
    real = engine.stores.runs.open

    def throttled(run: Any, *more: Any, **named: Any) -> Any:
        if run.automation_id == broken:
            raise TransientError("throttled by the test")
        return real(run, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(engine.stores.runs, "open", throttled)
        with pytest.raises(TransientError):
            follow(engine, ended)
    ids = {automation_id: opened_by(engine, automation_id, ended) for automation_id in others}
    assert set(engine.stores.runs.get_many(ids.values())) == set(ids.values()) - {ids[broken]}
    follow(engine, ended)
    assert set(engine.stores.runs.get_many(ids.values())) == set(ids.values())


def test_the_end_of_an_unknown_or_foreign_run_opens_nothing(engine: Engine) -> None:
    first = engine.activate(upstream_document())
    second = engine.activate(waiting(first))
    ended = end(engine, first)
    engine.upstream_runs.follow("ws_other", ended)
    follow(engine, "run_unknown")
    assert engine.stores.runs.get_many([opened_by(engine, second, ended)]) == {}


# ── Activating ───────────────────────────────────────────────────────────────────────────────────


def test_a_downstream_automation_is_known_while_its_version_is_active_or_paused(
    engine: Engine,
) -> None:
    first, other = engine.activate(upstream_document()), engine.activate(upstream_document("Other"))
    second = engine.activate(waiting(first))
    assert downstream_of(engine, first) == [second]
    draft = AutomationDocument.model_validate(waiting(other))
    engine.automations.update(engine.workspace_id, second, draft, BY)
    assert (downstream_of(engine, first), downstream_of(engine, other)) == ([second], [])

    edit(engine, second, waiting(other))
    assert (downstream_of(engine, first), downstream_of(engine, other)) == ([], [second])

    engine.stopping.stop(engine.workspace_id, second, AutomationStatus.PAUSED, BY)
    assert downstream_of(engine, other) == [second]
    edit(engine, second, by_hand())
    assert downstream_of(engine, other) == []
    edit(engine, second, waiting(first))
    engine.stopping.stop(engine.workspace_id, second, AutomationStatus.ARCHIVED, BY)
    assert downstream_of(engine, first) == []


def test_a_failed_activation_or_archiving_leaves_the_downstream_list_unchanged(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refuses every AWS call in turn while an automation moves to another upstream automation, and
    then while it is archived."""
    first, other = engine.activate(upstream_document()), engine.activate(upstream_document("Other"))
    second = engine.activate(waiting(first))
    draft = AutomationDocument.model_validate(waiting(other))
    engine.automations.update(engine.workspace_id, second, draft, BY)

    def refused_in_turn(act: Any, is_done: Any) -> int:
        """Repeats the action, each time with the next of its AWS calls refused, until it succeeds
        or is done despite the refusal. Returns how often it failed before that."""
        tried = 0
        while True:
            calls: list[str] = []

            def refuse(
                operation: str, act: Callable[[], Any], calls: list[str] = calls, at: int = tried
            ) -> Any:
                calls.append(operation)
                if len(calls) == at + 1:
                    error = {"Error": {"Code": "AccessDenied", "Message": "by the test"}}
                    raise ClientError(error, operation)  # type: ignore[arg-type]
                return act()

            before = (downstream_of(engine, first), downstream_of(engine, other))
            with monkeypatch.context() as patched:
                wrap_calls(patched, engine.table, refuse)
                try:
                    act()
                except RunledgerError:
                    pass
                else:
                    return tried
            if is_done():
                return tried
            after = (downstream_of(engine, first), downstream_of(engine, other))
            assert after == before, calls
            tried += 1

    def has_moved() -> bool:
        active = engine.stores.automations.get(engine.workspace_id, second).active
        return active is not None and active.upstream_id == other

    def is_archived() -> bool:
        status = engine.stores.automations.get(engine.workspace_id, second).status
        return status is AutomationStatus.ARCHIVED

    def activate() -> None:
        # Machines are made at a measured pace.
        engine.clock.advance(5_000)
        engine.activations.activate(engine.workspace_id, second, BY)

    assert refused_in_turn(activate, has_moved) >= 4
    assert (downstream_of(engine, first), downstream_of(engine, other)) == ([], [second])
    archived = AutomationStatus.ARCHIVED
    tried = refused_in_turn(
        lambda: engine.stopping.stop(engine.workspace_id, second, archived, BY), is_archived
    )
    assert tried >= 2
    assert (downstream_of(engine, first), downstream_of(engine, other)) == ([], [])


def test_archiving_is_refused_if_an_activation_happened_meanwhile(engine: Engine) -> None:
    """The activation reserved its version before the automation was read for archiving, and
    committed afterwards."""
    first, other = engine.activate(upstream_document()), engine.activate(upstream_document("Other"))
    second = engine.activate(waiting(first))
    store = engine.stores.automations
    edited = AutomationDocument.model_validate(waiting(other))
    engine.automations.update(engine.workspace_id, second, edited, BY)
    read = store.get(engine.workspace_id, second)
    engine.activations.activate(engine.workspace_id, second, BY)
    number = store.get(engine.workspace_id, second).last_version
    stale = read.changed(last_version=number)
    archived = stale.changed(status=AutomationStatus.ARCHIVED)
    with pytest.raises(ConflictError):
        store.stop(stale, archived)
    assert downstream_of(engine, other) == [second]


def test_archiving_a_downstream_draft_leaves_nothing(engine: Engine) -> None:
    first = engine.activate(by_hand("First"))
    draft = AutomationDocument.model_validate(waiting(first))
    second = engine.automations.create(engine.workspace_id, draft, BY).id
    archived = AutomationStatus.ARCHIVED
    stopped = engine.stopping.stop(engine.workspace_id, second, archived, BY)
    assert stopped.status is archived
    assert downstream_of(engine, first) == []


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_cycle_is_refused_and_its_chain_is_named(engine: Engine, length: int) -> None:
    first = engine.activate(by_hand("Link 0"))
    last = first
    for index in range(1, length):
        last = engine.activate(waiting(last, f"Link {index}"))
    engine.activate(waiting(last, "Beside"))

    with pytest.raises(InvalidGraphError) as refused:
        edit(engine, first, waiting(last, "Link 0"))

    problem = problem_of(refused)
    assert problem["code"] == "UPSTREAM_CYCLE"
    names = ["Link 0", *(f"Link {index}" for index in reversed(range(length)))]
    assert problem["message"].endswith(": " + " ← ".join(names))
    active = engine.stores.automations.get(engine.workspace_id, first).active
    assert active is not None and active.version == 1
    assert downstream_of(engine, last) != [first]


def test_a_cycle_through_a_paused_automation_is_refused(
    engine: Engine,
) -> None:
    first = engine.activate(by_hand("First"))
    second = engine.activate(waiting(first))
    engine.stopping.stop(engine.workspace_id, second, AutomationStatus.PAUSED, BY)
    with pytest.raises(InvalidGraphError) as refused:
        edit(engine, first, waiting(second, "First"))
    assert problem_of(refused)["message"].endswith("First ← Second ← First")


def test_an_unknown_archived_or_foreign_upstream_automation_is_refused(engine: Engine) -> None:
    archived = engine.activate(by_hand())
    engine.stopping.stop(engine.workspace_id, archived, AutomationStatus.ARCHIVED, BY)
    foreign = AutomationDocument.model_validate(by_hand())
    elsewhere = engine.automations.create("ws_other", foreign, BY).id
    for upstream_id in ("aut_unknown", archived, elsewhere):
        with pytest.raises(InvalidGraphError) as refused:
            engine.activate(waiting(upstream_id))
        assert problem_of(refused)["code"] == "UPSTREAM_UNKNOWN"


def test_resuming_is_refused_if_the_upstream_automation_was_archived(engine: Engine) -> None:
    first = engine.activate(by_hand("First"))
    second = engine.activate(waiting(first))
    engine.stopping.stop(engine.workspace_id, second, AutomationStatus.PAUSED, BY)
    engine.stopping.stop(engine.workspace_id, first, AutomationStatus.ARCHIVED, BY)
    with pytest.raises(InvalidGraphError) as refused:
        engine.activations.activate(engine.workspace_id, second, BY)
    assert problem_of(refused)["code"] == "UPSTREAM_UNKNOWN"


def test_an_automation_can_wait_for_one_that_is_still_a_draft(engine: Engine) -> None:
    draft = AutomationDocument.model_validate(upstream_document())
    first = engine.automations.create(engine.workspace_id, draft, BY).id
    second = engine.activate(waiting(first))
    assert downstream_of(engine, first) == [second]


def test_the_number_of_downstream_automations_is_limited(engine: Engine) -> None:
    first = engine.activate(by_hand("First"))
    second = engine.activate(waiting(first))
    for index in range(MAX_DOWNSTREAM - 1):
        key = keys.downstream(first, f"aut_{index}")
        engine.table.put({"pk": key.pk, "sk": key.sk})
    with pytest.raises(InvalidGraphError) as refused:
        engine.activate(waiting(first, "One more"))
    problem = problem_of(refused)
    assert problem["code"] == "UPSTREAM_CROWDED"
    assert problem["message"] == "this automation triggers 50 others already; 50 is the limit"
    edit(engine, second, waiting(first, "The same again"))
    assert second in downstream_of(engine, first)
