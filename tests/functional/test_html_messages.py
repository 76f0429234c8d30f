"""E-mails with HTML: templates in the API, what is sent and kept, and previews."""

from typing import Any

import pytest
from runledger.api.resends import ResendDocument
from runledger.models.delivery import DeliveryStatus
from runledger.services.messages.rendering import rendered_html
from runledger.store import keys

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import ADA, automation, mailing, only, walk_machine
from tests.functional.test_templates import a_person, preview
from tests.support.engine import Engine
from tests.support.scripted_channel import LATER, TAKEN, script

__all__ = ["automation", "deployed"]

HTML = (
    "<style>p { color: red }</style><p>Hello <b>{{ contact.email }}</b> & {{ trigger.note }}</p>"
    '<a href="https://shop.example/{{ trigger.order | default: 1 }}">Your order</a>'
)


def document(**changes: Any) -> dict[str, Any]:
    return {"name": "Paid", "channel": "EMAIL", "subject": "Hi", "html": HTML, **changes}


def saved(**changes: Any) -> dict[str, Any]:
    answer = call("POST", "/v1/templates", document(**changes), role="admin")
    assert answer["status"] == 201, answer
    made: dict[str, Any] = answer["body"]
    return made


def send(engine: Engine, template_id: str, **event: Any) -> None:
    engine.walk(engine.fire(engine.activate(mailing(template_id)), {**ADA, **event}))


def test_a_template_keeps_its_html(deployed: Engine) -> None:
    made = saved()
    assert (made["html"], made["body"]) == (HTML, None)
    path = f"/v1/templates/{made['id']}"
    assert call("GET", path)["body"]["html"] == HTML
    both = call("PATCH", path, {"body": "Hello"}, role="admin")["body"]
    assert (both["html"], both["body"]) == (HTML, "Hello")
    text = call("PATCH", path, {"html": None}, role="admin")["body"]
    assert (text["html"], text["body"]) == (None, "Hello")
    neither = call("PATCH", path, {"body": None}, role="admin")
    assert (neither["status"], neither["body"]["field"]) == (422, "body")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"channel": "SMS", "subject": None}, "html", "has no HTML"),
        ({"html": None}, "body", "a body or HTML"),
        ({"channel": "SMS", "subject": None, "html": None}, "body", "needs a body"),
        ({"html": "<p>\n{{ x"}, "html", "line 2"),
        ({"html": "<p>{{ contact.foo }}</p>"}, "html", "`contact.foo`"),
        ({"html": "<p>{{ secret.KEY }}</p>"}, "html", "`secret`"),
        ({"html": "<p>\n<a href={{ contact.id }}>x</a>"}, "html", "quotes around it (line 2)"),
        ({"html": "<p>\n<a href='/shop'>x</a>"}, "html", "(line 2)"),
        ({"html": "x" * 200_001}, "html", ""),
        ({"html": "ü" * 180_000}, "html", "350000"),
    ],
)
def test_bad_html_is_refused_with_its_place(
    deployed: Engine, changes: dict[str, Any], field: str, words: str
) -> None:
    answer = call("POST", "/v1/templates", document(**changes), role="admin")
    assert (answer["status"], answer["body"].get("field")) == (422, field)
    assert words in answer["body"]["detail"]


def test_a_template_that_was_stored_before_html_stays_valid(deployed: Engine) -> None:
    made = saved(html=None, body="Hello")
    key = keys.template("ws_demo", made["id"])
    row = deployed.table.get(key)
    assert row is not None and "html" not in row
    assert call("GET", f"/v1/templates/{made['id']}")["body"]["html"] is None


def test_a_message_has_both_parts_and_its_delivery_keeps_them(
    engine: Engine, automation: str
) -> None:
    send(engine, engine.template(None, html=HTML), note="<i>", order=7)
    delivery = only(engine)
    assert delivery.status is DeliveryStatus.SENT
    assert delivery.body == ("Hello ada@example.com & <i>\n\nYour order (https://shop.example/7)")
    assert delivery.html is not None
    assert (
        '<p style="color: red;">Hello <b>ada@example.com</b> &amp; &lt;i&gt;</p>' in delivery.html
    )
    (mail,) = engine.mailbox()
    assert mail.body == delivery.html


def test_a_template_with_both_parts_sends_its_own(engine: Engine, automation: str) -> None:
    send(engine, engine.template("Just text, {{contact.email}}", html="<p>HTML</p>"))
    delivery = only(engine)
    assert delivery.body == "Just text, ada@example.com"
    assert delivery.html is not None and "<p>HTML</p>" in delivery.html


def test_a_plain_text_keeps_no_html(engine: Engine, automation: str) -> None:
    send(engine, engine.template("Hello"))
    assert only(engine).html is None
    (mail,) = engine.mailbox()
    assert "<p>Hello</p>" in mail.body


def test_retries_and_resends_have_the_same_html(engine: Engine, automation: str) -> None:
    channel = script(engine, LATER, TAKEN, TAKEN)
    send(engine, engine.template(None, html=HTML), note="x")
    first = only(engine)
    assert first.status is DeliveryStatus.RETRYING
    walk_machine(engine, first)
    original = engine.stores.deliveries.get(first.id)
    resent = engine.resends.resend(
        engine.workspace_id, original.id, ResendDocument(), "bob@example.com"
    )
    assert resent.attempt.html == first.html is not None
    walk_machine(engine, resent.attempt)
    assert [message.html for message in channel.asked] == [first.html] * 3


def test_a_value_that_is_no_link_fails_the_run(engine: Engine, automation: str) -> None:
    html = '<a href="{{ trigger.note }}">x</a>'
    run_id = engine.fire(
        engine.activate(mailing(engine.template(None, html=html))),
        {**ADA, "note": "javascript:alert(1)"},
    )
    engine.walk(run_id)
    run = engine.stores.runs.get(run_id)
    assert run.error is not None
    assert run.error.kind == "TEMPLATE_ERROR"
    assert "javascript:alert(1)" in run.error.message
    assert engine.mailbox() == []


def test_a_delivery_shows_its_html(engine: Engine, automation: str) -> None:
    send(engine, engine.template(None, html=HTML), note="x")
    delivery = only(engine)
    shown = engine.details.delivery(engine.workspace_id, delivery.id)
    assert (shown.html, shown.body) == (delivery.html, delivery.body)


def test_a_preview_shows_both_parts_as_they_would_be_sent(deployed: Engine) -> None:
    template_id = saved()["id"]
    person = a_person(deployed)
    found = preview(template_id, {"contactId": person, "payload": {"note": "<i>"}})
    scope = {"contact": {"email": "ada@example.com"}, "trigger": {"note": "<i>"}}
    assert found["html"] == rendered_html(HTML, scope)
    assert found["body"].startswith("Hello ada@example.com & <i>")
    assert (found["problems"], found["warnings"]) == ([], [])
    assert found["gates"][-1] == {
        "name": "template",
        "passed": True,
        "reason": "Paid is for EMAIL",
        "forcedBy": None,
    }
    text = preview(saved(html=None, body="Hi\nthere")["id"], {})
    assert "<p>Hi<br>\nthere</p>" in text["html"]
    sms = {"template": {"name": "x", "channel": "SMS", "body": "Hi"}}
    assert call("POST", "/v1/templates/preview", sms)["body"]["html"] is None


def test_a_preview_names_the_problems_and_warnings_of_html(deployed: Engine) -> None:
    html = f'<p>{{{{ trigger.name }}}}</p><img src="https://x.example/a.png">{"x" * 100_000}'
    found = preview(saved(html=html)["id"], {})
    assert (found["html"], found["body"]) == (None, None)
    assert [(each["field"], each["variable"]) for each in found["problems"]] == [
        ("html", "trigger.name")
    ]
    assert [each["field"] for each in found["warnings"]] == ["html", "html"]
    assert "an image has no text" in found["warnings"][0]["message"]
    assert "Gmail cuts" in found["warnings"][1]["message"]
    bad = preview(saved(html='<a href="{{ trigger.url }}">x</a>')["id"], {"payload": {"url": "x"}})
    assert [(each["field"], each["variable"]) for each in bad["problems"]] == [("html", None)]
    assert "the link to 'x'" in bad["problems"][0]["message"]
