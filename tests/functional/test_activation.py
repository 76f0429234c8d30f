"""An activation either creates a version with its machine, or changes nothing."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from runledger.clock import DAY, MINUTE
from runledger.errors import ConflictError, InvalidGraphError, RunledgerError
from runledger.models.activation import ActivationStatus
from runledger.models.automation import AutomationDocument, AutomationStatus

from tests.support.api_calls import wrap_calls
from tests.support.engine import Engine

if TYPE_CHECKING:
    from runledger.api.automations import AutomationView

BY = "ada@example.com"


def document(name: str = "Hook", message: str = "no") -> AutomationDocument:
    return AutomationDocument.model_validate(
        {
            "name": name,
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
                {"id": "stop", "type": "STOP_ERROR", "config": {"message": message}},
            ],
            "edges": [{"source": "start", "target": "stop"}],
        }
    )


def machines(engine: Engine) -> list[str]:
    found = engine.stepfunctions.list_state_machines()["stateMachines"]
    return sorted(machine["name"] for machine in found)


def rows(engine: Engine) -> list[dict[str, Any]]:
    # Neither whose turn it is to make a machine nor that it was tried says anything of the
    # automation.
    found = [
        row
        for row in engine.rows()
        if not row["pk"].startswith("PACE#") and not row["sk"].startswith("ACTIVATION#")
    ]
    for row in found:
        # A number that was reserved in vain is only a gap.
        row.pop("lastVersion", None)
    return sorted(found, key=lambda row: (row["pk"], row["sk"]))


def tick(engine: Engine, minutes: int = 5) -> None:
    for _ in range(minutes):
        engine.clock.advance(MINUTE)
        engine.due_work.settle_due(100)


def test_activation_creates_a_fixed_version_a_machine_and_a_token(engine: Engine) -> None:
    draft = engine.automations.create(engine.workspace_id, document(), BY)
    assert engine.automations.view(draft).status is AutomationStatus.DRAFT

    view = engine.activations.activate(engine.workspace_id, draft.id, BY)

    assert (view.status, view.version) == (AutomationStatus.ACTIVE, 1)
    assert not view.has_unpublished_changes
    assert machines(engine) == [f"runledger-{draft.id}-v1"]
    assert view.webhook is not None
    token = view.webhook.path.removeprefix("/v1/webhooks/in/")
    assert len(token) == 30 and token.isalnum()
    assert view.machine is not None
    assert view.machine.type == "EXPRESS"
    assert "longest path" in view.machine.reason
    version = engine.stores.automations.version(draft.id, 1)
    assert version.graph.nodes == document().nodes


def test_activating_again_changes_nothing(engine: Engine) -> None:
    draft = engine.automations.create(engine.workspace_id, document(), BY)
    first = engine.activations.activate(engine.workspace_id, draft.id, BY)
    before = rows(engine)
    assert engine.activations.activate(engine.workspace_id, draft.id, BY) == first
    assert rows(engine) == before


def test_editing_an_active_automation_changes_only_its_draft(engine: Engine) -> None:
    draft = engine.automations.create(engine.workspace_id, document(), BY)
    first = engine.activations.activate(engine.workspace_id, draft.id, BY)

    edited = engine.automations.update(engine.workspace_id, draft.id, document(message="never"), BY)
    view = engine.automations.view(edited)
    assert (view.version, view.has_unpublished_changes) == (1, True)
    assert engine.stores.automations.version(draft.id, 1).graph.nodes == document().nodes

    second = engine.activations.activate(engine.workspace_id, draft.id, BY)
    assert second.version == 2
    assert second.webhook == first.webhook
    assert machines(engine) == [f"runledger-{draft.id}-v1", f"runledger-{draft.id}-v2"]


def test_a_version_keeps_the_template_from_its_activation(engine: Engine) -> None:
    from runledger.models.template import TemplateDocument

    template_id = engine.template("first")
    graph = document().model_dump(by_alias=True)
    graph["nodes"][1] = {
        "id": "stop",
        "type": "SEND_MESSAGE",
        "config": {
            "recipients": {"kind": "AD_HOC", "addresses": ["ada@example.com"]},
            "channels": [{"channel": "EMAIL", "templateId": template_id}],
        },
    }
    graph["nodes"].append({"id": "done", "type": "END", "config": {}})
    graph["edges"].append({"source": "stop", "target": "done"})
    automation_id = engine.activate(graph)
    changed = TemplateDocument(name="Mail", channel="EMAIL", subject="Hi", body="second")
    engine.templates.replace(engine.workspace_id, template_id, changed)

    engine.walk(engine.fire(automation_id, {}))

    (message,) = engine.mailbox()
    assert "first" in message.body and "second" not in message.body


def test_a_failed_call_is_recovered_or_leaves_the_automation_unchanged(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refuses every AWS call of an activation in turn, before it takes effect."""
    tried = 0
    while True:
        draft = engine.automations.create(engine.workspace_id, document(), BY)
        before = [row for row in rows(engine) if draft.id in row["pk"] + row["sk"]]
        calls: list[str] = []

        def refuse(
            operation: str, act: Callable[[], Any], calls: list[str] = calls, stop: int = tried
        ) -> Any:
            calls.append(operation)
            if len(calls) == stop + 1:
                error = {"Error": {"Code": "AccessDenied", "Message": "refused by the test"}}
                raise ClientError(error, operation)  # type: ignore[arg-type]
            return act()

        with monkeypatch.context() as patched:
            wrap_calls(patched, engine.table, refuse)
            with suppress(RunledgerError):
                engine.activations.activate(engine.workspace_id, draft.id, BY)
        tick(engine)
        found = engine.stores.automations.get(engine.workspace_id, draft.id)
        asked = engine.stores.activations.get(draft.id, 1)
        made = [name for name in machines(engine) if draft.id in name]
        if found.status is AutomationStatus.ACTIVE:
            # It was committed, perhaps only by the tick.
            assert asked is not None and asked.status is ActivationStatus.ACTIVE
            assert made == [f"runledger-{draft.id}-v1"]
        else:
            mine = [row for row in rows(engine) if draft.id in row["pk"] + row["sk"]]
            assert mine == before, calls[tried]
            assert made == [], calls[tried]
            assert asked is None or asked.status is ActivationStatus.FAILED
        assert [row.id for row in engine.stores.due.rows(engine.clock() + DAY)] == []
        if len(calls) <= tried:
            break
        tried += 1
        again = engine.activations.activate(engine.workspace_id, draft.id, BY)
        assert again.status is AutomationStatus.ACTIVE
        made = [name for name in machines(engine) if draft.id in name]
        assert made == [f"runledger-{draft.id}-v{again.version}"]
    assert tried >= 10


def test_a_concurrent_activation_shares_the_version(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = engine.automations.create(engine.workspace_id, document(), BY)
    create = engine.stepfunctions.create_state_machine
    rivals: list[AutomationView] = []

    def overtaken(**request: Any) -> Any:
        rivals.append(engine.activations.activate(engine.workspace_id, draft.id, "bob@example.com"))
        return create(**request)

    monkeypatch.setattr(engine.stepfunctions, "create_state_machine", overtaken)
    view = engine.activations.activate(engine.workspace_id, draft.id, BY)
    assert (view.status, view.version) == (AutomationStatus.ACTIVE, 1)
    (rival,) = rivals
    assert rival.activation is not None
    assert (rival.activation.version, rival.activation.status) == (1, "PENDING")
    assert machines(engine) == [f"runledger-{draft.id}-v1"]


def test_a_bad_graph_is_refused_and_changes_nothing(engine: Engine) -> None:
    draft = engine.automations.create(engine.workspace_id, document(), BY)
    before = rows(engine)
    bad = document().model_dump(by_alias=True)
    bad["edges"] = []
    with pytest.raises(InvalidGraphError) as refused:
        engine.automations.update(
            engine.workspace_id, draft.id, AutomationDocument.model_validate(bad), BY
        )
    found = {(problem["code"], problem.get("nodeId")) for problem in refused.value.problems}
    assert found == {("UNREACHABLE", "stop"), ("NO_END", "start")}
    with pytest.raises(InvalidGraphError):
        engine.automations.create(engine.workspace_id, AutomationDocument.model_validate(bad), BY)
    assert rows(engine) == before


def test_saving_over_another_users_save_is_a_conflict(engine: Engine) -> None:
    draft = engine.automations.create(engine.workspace_id, document(), BY)
    store = engine.stores.automations
    mine = draft.changed(draft_revision=2)
    graph = store.draft(draft)
    store.save_draft(mine, graph)
    with pytest.raises(ConflictError):
        store.save_draft(mine, graph)
