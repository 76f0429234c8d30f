"""Templates in the API: refusals, previews, pages, and what versions pin."""

from typing import Any

import pytest
from runledger.models.automation import AutomationDocument
from runledger.models.contact import ContactDocument
from runledger.models.template import TemplateDocument

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import mailing
from tests.support.engine import Engine

__all__ = ["deployed"]

BODY = "Hello {{ contact.firstName }}, order {{ trigger.orderId }} ({{ steps.score.score }})"


def a_template(subject: str = "Order {{ trigger.orderId }}", body: str = BODY) -> str:
    document = {"name": "Paid", "channel": "EMAIL", "subject": subject, "body": body}
    made = call("POST", "/v1/templates", document, role="admin")
    assert made["status"] == 201, made
    template_id: str = made["body"]["id"]
    return template_id


def preview(template_id: str, body: Any = None, **given: Any) -> dict[str, Any]:
    answer = call("POST", f"/v1/templates/{template_id}/preview", body, **given)
    assert answer["status"] == 200, answer
    found: dict[str, Any] = answer["body"]
    return found


def a_person(engine: Engine, **changes: Any) -> str:
    given = {"email": "ada@example.com", "first_name": "Ada", **changes}
    return engine.contacts.create("ws_demo", ContactDocument.model_validate(given)).id


@pytest.mark.parametrize("by", ["contactId", "email"])
def test_a_preview_shows_the_message_and_its_gates(deployed: Engine, by: str) -> None:
    person = a_person(deployed)
    chosen = {"contactId": person} if by == "contactId" else {"email": " ADA@example.com"}
    values = {"payload": {"orderId": "A-1"}, "steps": {"score": {"score": 7}}}
    found = preview(a_template(), {**chosen, **values}, role="member")
    assert found["problems"] == []
    assert (found["channel"], found["address"]) == ("EMAIL", "ada@example.com")
    assert (found["subject"], found["body"]) == ("Order A-1", "Hello Ada, order A-1 (7)")
    assert [(gate["name"], gate["passed"]) for gate in found["gates"]] == [
        (name, True)
        for name in ("consent", "address", "suppression", "frequency", "quiet_hours", "template")
    ]
    assert deployed.mailbox() == []


def test_a_preview_names_the_missing_variables(deployed: Engine) -> None:
    found = preview(a_template())
    assert (found["subject"], found["body"], found["address"], found["gates"]) == (
        None,
        None,
        None,
        [],
    )
    assert [(each["field"], each["variable"]) for each in found["problems"]] == [
        ("subject", "trigger.orderId"),
        ("body", "contact.firstName"),
        ("body", "trigger.orderId"),
        ("body", "steps.score.score"),
    ]
    assert found["problems"][0]["message"] == "`trigger.orderId` has no value"


def test_a_preview_shows_the_gate_that_would_refuse(deployed: Engine) -> None:
    person = a_person(deployed, email=None, phone="+4915112345678")
    found = preview(a_template("Hi", "Hello"), {"phone": "+49 151 12345678"})
    assert (found["address"], found["body"]) == (None, "Hello")
    assert found["gates"][-1]["name"] == "address"
    assert not found["gates"][-1]["passed"]
    assert preview(a_template("Hi", "Hello"), {"contactId": person}) == found
    other = a_person(deployed, consents={"transactional": False})
    gates = preview(a_template("Hi", "Hello"), {"contactId": other})["gates"]
    assert [(gate["name"], gate["passed"]) for gate in gates] == [("consent", False)]


def test_a_preview_reports_other_failures_as_problems(deployed: Engine) -> None:
    found = preview(a_template("Hi", "{% for i in (1..99999) %}x{% endfor %}"))
    assert found["subject"] == "Hi"
    (problem,) = found["problems"]
    assert (problem["field"], problem["variable"]) == ("body", None)
    assert "needs too much work" in problem["message"]


def test_a_draft_is_previewed_without_being_saved(deployed: Engine) -> None:
    template = {"name": "Draft", "channel": "SMS", "body": "Hi {{ vars.who }}"}
    asked = {"template": template, "vars": {"who": "you"}}
    answer = call("POST", "/v1/templates/preview", asked, role="member")
    assert (answer["status"], answer["body"]["body"]) == (200, "Hi you")
    assert answer["body"]["subject"] is None
    assert call("GET", "/v1/templates")["body"]["items"] == []
    broken = {"template": {**template, "body": "{{ contact.foo }}"}}
    refused = call("POST", "/v1/templates/preview", broken, role="member")
    assert (refused["status"], refused["body"]["field"]) == (422, "body")
    assert "`contact.foo`" in refused["body"]["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"contactId": "con_nobody"}, "contactId"),
        ({"email": "nobody@example.com"}, "email"),
        ({"email": "nonsense"}, "email"),
        ({"contactId": "con_1", "email": "a@example.com"}, "contactId"),
        ({"steps": []}, "steps"),
        ({"sreps": {}}, "sreps"),
    ],
)
def test_an_invalid_preview_request_is_refused(
    deployed: Engine, body: dict[str, Any], field: str
) -> None:
    answer = call("POST", f"/v1/templates/{a_template()}/preview", body)
    assert (answer["status"], answer["body"]["field"]) == (422, field)


def test_members_preview_only_templates_of_their_workspace(deployed: Engine) -> None:
    template_id = a_template()
    draft = {"template": {"name": "Draft", "channel": "SMS", "body": "Hi"}}
    for path, body in (
        (f"/v1/templates/{template_id}/preview", {}),
        ("/v1/templates/preview", draft),
    ):
        assert call("POST", path, body, role="viewer")["status"] == 403
    assert call("POST", "/v1/templates/tpl_other/preview", {})["status"] == 404
    document = TemplateDocument(name="x", channel="SMS", body="x")
    theirs = deployed.templates.create("ws_other", document).id
    assert call("POST", f"/v1/templates/{theirs}/preview", {})["status"] == 404
    large = {"payload": {"x": "y" * 1_100_000}}
    assert call("POST", f"/v1/templates/{template_id}/preview", large)["status"] == 413


@pytest.mark.parametrize("path", ["/v1/templates", "/v1/automations"])
def test_lists_have_pages_newest_first(deployed: Engine, path: str) -> None:
    made = []
    for number in range(7):
        if path == "/v1/templates":
            made.append(a_template("Hi", f"{number}"))
        else:
            graph = mailing(deployed.template())
            made.append(call("POST", path, graph)["body"]["id"])
    found: list[str] = []
    cursor = ""
    while True:
        query = f"limit=3{cursor and '&cursor='}{cursor}"
        page = call("GET", path, role="viewer", query=query)["body"]
        found += [each["id"] for each in page["items"]]
        cursor = page["nextCursor"]
        if not cursor:
            break
        assert len(page["items"]) == 3
    assert found == made[::-1]
    assert call("GET", path, query="limit=0")["status"] == 422
    strange = call("GET", path, query="cursor=nonsense")
    assert (strange["status"], strange["body"]["field"]) == (400, "cursor")


def test_a_version_keeps_the_template_from_its_activation(engine: Engine) -> None:
    template_id = engine.template("Hello {{contact.email}}")
    automation_id = engine.activate(mailing(template_id))
    changed = TemplateDocument(name="Mail", channel="EMAIL", subject="New", body="Changed")
    engine.templates.replace("ws_demo", template_id, changed)
    run_id = engine.fire(automation_id, {"email": "ada@example.com"})
    engine.walk(run_id)
    document = AutomationDocument.model_validate(mailing(template_id))
    engine.automations.update("ws_demo", automation_id, document, "ada@example.com")
    engine.activations.activate("ws_demo", automation_id, "ada@example.com")
    engine.walk(engine.fire(automation_id, {"email": "ada@example.com"}))
    bodies = [mail.body for mail in engine.mailbox()]
    assert len(bodies) == 2
    assert (">ada@example.com<" in bodies[0], "Changed" in bodies[1]) == (True, True)
