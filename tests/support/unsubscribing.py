"""A person who gets marketing messages and uses the links in them, in a simulation."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from runledger.composition import services
from runledger.models.consent import ConsentChange, ConsentOrigin
from runledger.models.contact import Contact
from runledger.services.messages.unsubscribe_links import PATH

from tests.support.engine import CONSOLE_URL
from tests.support.fakes import Ssm
from tests.support.simulation import WORKSPACE, Simulation

ADA = {"email": "ada@example.com"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass(frozen=True)
class Reader:
    """A contact with the marketing consent. `webhooks` has the path of one webhook for each
    consent. An event to this webhook sends one message that needs the consent."""

    simulation: Simulation
    contact_id: str
    webhooks: dict[str, str]

    def ask_for(self, consent: str, number: int = 0) -> str:
        """Sends an event to the webhook of this consent, so that a run sends one message to the
        contact. Sends the event again, a few times at most, while no answer arrives. Returns the
        run's id. Two calls with the same consent and number send the same event."""
        event = {**ADA, "number": number}
        answer = self.simulation.request("webhook_in", "POST", self.webhooks[consent], event)
        assert answer["status"] in (200, 202), (answer, self.simulation.unforeseen)
        return str(answer["body"]["runId"])

    def links(self) -> dict[str, str]:
        """Returns the path of the link in each sent message, by the message's id. It is read from
        the header, as a mail provider does."""
        found = {}
        for delivery_id, content in self.simulation.ses.contents.items():
            headers = {each["Name"]: each["Value"] for each in content["Simple"].get("Headers", [])}
            if "List-Unsubscribe" in headers:
                link = headers["List-Unsubscribe"].removeprefix("<").removesuffix(">")
                assert link in content["Simple"]["Body"]["Text"]["Data"]
                assert re.fullmatch(f"{CONSOLE_URL}{PATH}[A-Za-z0-9._-]+", link)
                found[delivery_id] = link.removeprefix(CONSOLE_URL)
        return found

    def click(self, path: str) -> dict[str, Any]:
        """Posts as RFC 8058 describes it."""
        return self.simulation.send_form(path, ONE_CLICK)

    def contact(self) -> Contact:
        return services().stores.contacts.get(WORKSPACE, self.contact_id)

    def record(self) -> tuple[ConsentChange, ...]:
        return services().stores.contacts.consent_record(WORKSPACE, self.contact_id)

    def withdrawals(self) -> list[str | None]:
        """Returns the messages by whose links the person unsubscribed, oldest first."""
        by_link = (
            each for each in self.record() if each.source.origin is ConsentOrigin.UNSUBSCRIBE
        )
        return [each.source.detail for each in by_link]


def make_reader(simulation: Simulation) -> Reader:
    simulation.serve("ssm", Ssm(CONSOLE_URL))
    person = {**ADA, "consents": {"marketing": True, "transactional": True}}
    made = simulation.request("api", "POST", "/v1/contacts", person)
    assert made["status"] == 201, made
    template = {
        "name": "News",
        "channel": "EMAIL",
        "subject": "News",
        "body": "News. Stop: {{unsubscribeUrl}}",
    }
    written = simulation.request("api", "POST", "/v1/templates", template)
    assert written["status"] == 201, written
    webhooks = {
        consent: simulation.webhook_path(
            simulation.activate(_mailing(written["body"]["id"], consent))
        )
        for consent in ("MARKETING", "TRANSACTIONAL")
    }
    return Reader(simulation, made["body"]["id"], webhooks)


def _mailing(template_id: str, consent: str) -> dict[str, Any]:
    trigger = {
        "triggerType": "WEBHOOK",
        "contactLookup": {"by": "email", "path": "email"},
        "dedupePath": "number",
    }
    message = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
        "consent": consent,
    }
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": trigger},
        {"id": "mail", "type": "SEND_MESSAGE", "config": message},
        {"id": "done", "type": "END", "config": {}},
    ]
    ids = [str(each["id"]) for each in nodes]
    edges = [{"source": source, "target": target} for source, target in pairwise(ids)]
    return {"name": consent.capitalize(), "nodes": nodes, "edges": edges}
