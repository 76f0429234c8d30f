"""Unsubscribe links on the deployed stack, used as mail providers, scanners and people use them."""

import uuid
from typing import Any

import httpx

from tests.emulator.orders import ADMIN, activate, ended, template
from tests.support.stack import Stack

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
# As Gmail sends it: no cookie, no token of a user.
GMAIL = {"user-agent": "Google-HTTP-Java-Client", "accept": "*/*"}


def mailing(template_id: str, consent: str) -> dict[str, Any]:
    mail = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
        "consent": consent,
    }
    return {
        "name": f"{consent} by hand",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
            {"id": "mail", "type": "SEND_MESSAGE", "config": mail},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "mail"}, {"source": "mail", "target": "done"}],
    }


class Person:
    """A contact with the marketing consent, and an automation for each consent."""

    def __init__(self, stack: Stack, api: httpx.Client) -> None:
        self.stack = stack
        self.api = api
        self.email = f"{uuid.uuid4().hex}@way-out.example"
        consents = {"marketing": True, "transactional": True}
        made = api.post("/v1/contacts", json={"email": self.email, "consents": consents})
        self.id = made.raise_for_status().json()["id"]
        template_id = template(api, "News. Stop: {{unsubscribeUrl}}")
        self.automations = {
            consent: activate(api, mailing(template_id, consent))["id"]
            for consent in ("MARKETING", "TRANSACTIONAL")
        }

    def send(self, consent: str) -> str:
        """Sends one message and returns the delivery's status."""
        path = f"/v1/automations/{self.automations[consent]}/runs"
        opened = self.api.post(path, json={"contactId": self.id}).raise_for_status()
        told = ended(self.api, opened.json()["runId"])
        (delivery,) = told["deliveries"]
        return str(delivery["status"])

    def mails(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.stack.aws_endpoint}/_local/messages", params={"to": self.email})
        found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return found

    def contact(self) -> dict[str, Any]:
        answer = self.api.get(f"/v1/contacts/{self.id}").raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def test_one_click_stops_marketing_and_nothing_else_does_anything(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        person = Person(stack, api)
        assert person.send("MARKETING") == "SENT"
        (mail,) = person.mails()
        link = mail["headers"]["List-Unsubscribe"].removeprefix("<").removesuffix(">")
        assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link.startswith(f"{stack.url}/v1/unsubscribe/")
        assert f"Stop: {link}" in mail["body"]
        before = person.contact()

        # A scanner fetches the link, in every way that it may.
        for method in ("GET", "HEAD"):
            looked = httpx.request(method, link, headers=GMAIL)
            assert (looked.status_code, looked.headers["content-type"]) == (
                200,
                "text/html; charset=utf-8",
            )
        assert "List-Unsubscribe" in httpx.get(link).text
        base, _, token = link.rpartition("/")
        parts = token.split(".")
        forged = [
            f"{base}/{'.'.join([parts[0][::-1], *parts[1:]])}",
            f"{base}/{'.'.join([*parts[:3], 'ws_other', *parts[4:]])}",
            f"{base}/{'.'.join([*parts[:6], '9999999999'])}",
            f"{base}/x",
        ]
        for each in forged:
            assert httpx.post(each, data=ONE_CLICK, headers=GMAIL).status_code == 404
        assert httpx.post(link, data={"a": "b"}, headers=GMAIL).status_code == 422
        assert httpx.post(link, json=ONE_CLICK, headers=GMAIL).status_code == 422
        assert person.contact() == before

        clicked = httpx.post(link, data=ONE_CLICK, headers=GMAIL)
        assert clicked.status_code == 200 and "set-cookie" not in clicked.headers
        after = person.contact()
        assert after["consents"]["marketing"] is False
        assert after["consents"]["transactional"] is True
        assert person.send("MARKETING") == "SUPPRESSED"
        assert person.send("TRANSACTIONAL") == "SENT"
        assert len(person.mails()) == 2
        assert "List-Unsubscribe" not in person.mails()[-1]["headers"]


def test_a_form_with_files_is_understood(stack: Stack) -> None:
    """RFC 8058, section 3.2, prefers multipart/form-data."""
    with stack.api(ADMIN) as api:
        person = Person(stack, api)
        person.send("MARKETING")
        (mail,) = person.mails()
        link = mail["headers"]["List-Unsubscribe"].strip("<>")
        form = {name: (None, value) for name, value in ONE_CLICK.items()}
        assert httpx.post(link, files=form, headers=GMAIL).status_code == 200
        assert person.contact()["consents"]["marketing"] is False


def test_the_page_looks_the_same_for_everybody(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        person = Person(stack, api)
        person.send("MARKETING")
        link = person.mails()[0]["headers"]["List-Unsubscribe"].strip("<>")
    page = httpx.get(link)
    assert person.email not in page.text and person.id not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_activation_refuses_marketing_without_a_way_out(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        document = mailing(template(api, "News"), "MARKETING")
        refused = api.post("/v1/automations", json=document)
        assert refused.status_code == 422
        (problem,) = refused.json()["problems"]
        assert (problem["code"], problem["nodeId"], problem["field"]) == (
            "NO_UNSUBSCRIBE_LINK",
            "mail",
            "channels.0.templateId",
        )
