"""The demo data: contacts, templates, automations that use every node type, and their events.

These are plain documents of the public API. Here, templates and automations have names; they get
their ids when they are created. `template(name)` and `automation(name)` are placeholders for these
ids.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from local import demo_mails

Document = dict[str, Any]

# The hour at which "Birthday" fires, in UTC.
_GREETING_HOUR = 9

SECRET_NAME = "SCORE_KEY"
SECRET_VALUE = "demo-key-7f3d9c"


@dataclass(frozen=True)
class Automation:
    """An automation, the events for its webhook, and the statuses that its runs reach. There are no
    statuses if only a schedule starts its runs."""

    document: Document
    events: list[Document] = field(default_factory=list)
    expected: dict[str, int] = field(default_factory=dict)


def template(name: str) -> str:
    """A placeholder for the id of the template with this name."""
    return f"<template {name}>"


def automation(name: str) -> str:
    """A placeholder for the id of the automation with this name, which must be created earlier."""
    return f"<automation {name}>"


def _contact(
    email: str,
    first: str,
    last: str,
    plan: str,
    *tags: str,
    birthday: str | None = None,
    **more: Any,
) -> Document:
    return {
        "email": email,
        "firstName": first,
        "lastName": last,
        "tags": list(tags),
        "metadata": {"plan": plan, **({"birthday": birthday} if birthday else {})},
        "consents": {"marketing": True, "transactional": True},
        **more,
    }


def _next_greeting() -> date:
    """The day on which "Birthday" fires next. It is today if at least an hour is left."""
    return (datetime.now(UTC) + timedelta(hours=24 - _GREETING_HOUR + 1)).date()


CONTACTS = [
    _contact(
        "ada@customer.example",
        "Ada",
        "Lovelace",
        "pro",
        "vip",
        phone="+442079460001",
        birthday="1815-12-10",
    ),
    _contact(
        "grace@customer.example",
        "Grace",
        "Hopper",
        "team",
        "vip",
        phone="+12025550123",
        birthday="1906-12-09",
        # She wants no marketing by SMS.
        consents={
            "marketing": True,
            "transactional": True,
            "channels": {"SMS": {"marketing": False}},
        },
    ),
    _contact("alan@customer.example", "Alan", "Turing", "free", birthday="1912-06-23"),
    _contact(
        "katherine@customer.example", "Katherine", "Johnson", "pro", "beta", birthday="1918-08-26"
    ),
    _contact("edsger@customer.example", "Edsger", "Dijkstra", "free", "newsletter"),
    _contact(
        "barbara@customer.example",
        "Barbara",
        "Liskov",
        "team",
        "beta",
        birthday=str(_next_greeting()),
    ),
    _contact(
        "quiet@customer.example",
        "Quentin",
        "Quiet",
        "free",
        consents={"marketing": False, "transactional": False},
    ),
]

TEMPLATES = [
    {
        "name": "Order receipt",
        "channel": "EMAIL",
        "subject": "Thank you for order {{trigger.orderId}}",
        "html": demo_mails.ORDER_RECEIPT,
    },
    {
        "name": "Welcome",
        "channel": "EMAIL",
        "subject": "Welcome, {{contact.firstName}}",
        "html": demo_mails.WELCOME,
    },
    {
        "name": "First day tips",
        "channel": "EMAIL",
        "subject": "Three things to try first",
        "html": demo_mails.FIRST_DAY_TIPS,
    },
    {
        "name": "Birthday",
        "channel": "EMAIL",
        "subject": "Happy birthday, {{contact.firstName}}",
        "body": (
            "Dear {{contact.firstName}},\n\nmany happy returns from {{workspace.name}}.\n\n"
            "No more of these messages: {{unsubscribeUrl}}"
        ),
        "html": demo_mails.BIRTHDAY,
    },
    {
        "name": "Ticket alert",
        "channel": "EMAIL",
        "subject": "Ticket {{trigger.ticketId}}: {{trigger.subject}}",
        "body": "{{contact.email}} opened ticket {{trigger.ticketId}}: {{trigger.subject}}",
    },
    {
        "name": "Upgrade offer",
        "channel": "EMAIL",
        "subject": "More than the {{trigger.trigger.plan}} plan",
        "html": demo_mails.UPGRADE_OFFER,
    },
]


def _trigger(path: str, **more: Any) -> Document:
    return {
        "id": "start",
        "type": "TRIGGER",
        "config": {
            "triggerType": "WEBHOOK",
            "contactLookup": {"by": "email", "path": path},
            "createIfMissing": True,
            **more,
        },
    }


def _node(node_id: str, node_type: str, **config: Any) -> Document:
    return {"id": node_id, "type": node_type, "config": config}


def _mail(node_id: str, name: str, recipients: Document | None = None, **more: Any) -> Document:
    return _node(
        node_id,
        "SEND_MESSAGE",
        recipients=recipients or {"kind": "TRIGGER_CONTACT"},
        channels=[{"channel": "EMAIL", "templateId": template(name)}],
        multiChannelMode="CASCADE",
        **more,
    )


def _edges(*paths: str) -> list[Document]:
    """Returns the edges of `"a > b > c"`; `a [label] > b` labels the edge."""
    edges: list[Document] = []
    for path in paths:
        stops = [stop.strip() for stop in path.split(">")]
        for left, right in pairwise(stops):
            source, _, label = left.partition(" [")
            edge = {"source": source, "target": right.partition(" [")[0]}
            edges.append({**edge, "label": label.rstrip("]")} if label else edge)
    return edges


def automations(demo_url: str) -> list[Automation]:
    """Returns the automations of the demo workspace; `demo_url` is the demo service's address."""
    return [
        _order_paid(demo_url),
        _welcome(),
        _upgrade(),
        _ticket(demo_url),
        _crm_sync(demo_url),
        _birthday(),
    ]


def _order_paid(demo_url: str) -> Automation:
    score = _node(
        "score",
        "INTEGRATION",
        provider="HTTP",
        method="POST",
        url=f"{demo_url}/score",
        headers={"Authorization": f"Bearer {{{{secret.{SECRET_NAME}}}}}"},
        body={"email": "{{contact.email}}"},
        timeoutSeconds=10,
        capture={"score": "data.score"},
        idempotent=True,
    )
    tier = {"target": "vars.score", "value": "{{steps.score.score}}", "type": "NUMBER"}
    document = {
        "name": "Order paid",
        "reentry": "ALWAYS",
        "nodes": [
            _trigger(
                "customer.email",
                dedupePath="orderId",
                keys=[{"name": "orderId", "path": "orderId"}],
                rateLimitPerMinute=600,
            ),
            _node(
                "big",
                "CONDITION",
                kind="COMPARE",
                left="{{trigger.total}}",
                operator="GREATER_THAN",
                right=20,
            ),
            score,
            _node("remember", "SET", mode="MERGE", assignments=[tier]),
            _node(
                "customer",
                "UPDATE_CONTACT",
                fields=[{"field": "metadata.lastOrder", "value": "{{trigger.orderId}}"}],
                addTags=["customer"],
            ),
            _mail("receipt", "Order receipt"),
            _node("tooSmall", "STOP_ERROR", message="Order {{trigger.orderId}} is too small"),
            _node("done", "END"),
        ],
        "edges": _edges(
            "start > big",
            "big [true] > score > remember > customer > receipt > done",
            "big [false] > tooSmall",
        ),
    }
    events = [
        order("A-1001", 129.9, "ada@customer.example"),
        order("A-1002", 48, "grace@customer.example"),
        order("A-1003", 75.5, "katherine@customer.example"),
        order("A-1004", 4.2, "alan@customer.example"),
    ]
    return Automation(document, events, {"COMPLETED": 3, "FAILED": 1})


def order(order_id: str, total: float, email: str) -> Document:
    """An event for "Order paid"."""
    return {"orderId": order_id, "total": total, "customer": {"email": email}}


def _welcome() -> Automation:
    document = {
        "name": "Welcome",
        "reentry": "ALWAYS",
        "nodes": [
            _trigger("email"),
            _node(
                "plan",
                "SWITCH",
                rules=[
                    {"field": "trigger.plan", "operator": "EQUALS", "value": "pro", "label": "pro"},
                    {
                        "field": "trigger.plan",
                        "operator": "EQUALS",
                        "value": "team",
                        "label": "team",
                    },
                ],
                fallbackLabel="free",
            ),
            _mail("welcome", "Welcome"),
            _node("nextDay", "WAIT", delayMinutes=1_440),
            _mail("tips", "First day tips"),
            _node("done", "END"),
        ],
        "edges": _edges(
            "start > plan",
            "plan [pro] > welcome > nextDay > tips > done",
            "plan [team] > welcome",
            "plan [free] > done",
        ),
    }
    events = [
        {"email": "barbara@customer.example", "plan": "team"},
        {"email": "katherine@customer.example", "plan": "pro"},
        {"email": "edsger@customer.example", "plan": "free"},
    ]
    return Automation(document, events, {"RUNNING": 2, "COMPLETED": 1})


def _upgrade() -> Automation:
    """Returns an automation that runs after each run of "Welcome", not after events."""
    document = {
        "name": "Upgrade offer",
        "reentry": "ONCE",
        "nodes": [
            _node("start", "TRIGGER", triggerType="UPSTREAM", automationId=automation("Welcome")),
            _node(
                "free",
                "CONDITION",
                kind="COMPARE",
                left="{{trigger.trigger.plan}}",
                operator="EQUALS",
                right="free",
            ),
            _mail("offer", "Upgrade offer", consent="MARKETING"),
            _node("done", "END"),
        ],
        "edges": _edges("start > free", "free [true] > offer > done", "free [false] > done"),
    }
    return Automation(document, expected={"COMPLETED": 1})


def _ticket(demo_url: str) -> Automation:
    enrich = _node(
        "history",
        "INTEGRATION",
        provider="HTTP",
        method="GET",
        url=f"{demo_url}/slow",
        query={"ms": 300},
        timeoutSeconds=5,
        capture={"waitedMs": "data.waitedMs"},
    )
    document = {
        "name": "Support ticket",
        "reentry": "ALWAYS",
        "nodes": [
            _trigger("from"),
            _mail("alert", "Ticket alert", {"kind": "AD_HOC", "addresses": ["help@demo.example"]}),
            enrich,
            _node("together", "MERGE"),
            _node("done", "END"),
        ],
        "edges": _edges("start > alert > together > done", "start > history > together"),
    }
    events = [
        {"ticketId": "T-17", "subject": "Cannot sign in", "from": "ada@customer.example"},
        {"ticketId": "T-18", "subject": "Invoice is missing", "from": "alan@customer.example"},
    ]
    return Automation(document, events, {"COMPLETED": 2})


def _crm_sync(demo_url: str) -> Automation:
    sync = _node(
        "sync",
        "INTEGRATION",
        provider="HTTP",
        method="POST",
        url=f"{demo_url}/fail",
        body={"email": "{{contact.email}}"},
        timeoutSeconds=5,
    )
    document = {
        "name": "CRM sync",
        "reentry": "ALWAYS",
        "nodes": [_trigger("email"), sync, _node("done", "END")],
        "edges": _edges("start > sync > done"),
    }
    return Automation(document, [{"email": "grace@customer.example"}], {"FAILED": 1})


def _birthday() -> Automation:
    trigger = _node(
        "start",
        "TRIGGER",
        triggerType="DATE",
        source={"kind": "CONTACT_METADATA", "key": "birthday"},
        timeOfDay=f"{_GREETING_HOUR:02d}:00",
        repeat="YEARLY",
    )
    document = {
        "name": "Birthday",
        "reentry": "ALWAYS",
        "nodes": [
            trigger,
            _mail("greeting", "Birthday", consent="MARKETING"),
            _node("done", "END"),
        ],
        "edges": _edges("start > greeting > done"),
    }
    return Automation(document)


OTHER_CONTACTS = [_contact("linus@elsewhere.example", "Linus", "Pauling", "pro")]

OTHER_AUTOMATION = Automation(
    {
        "name": "Sign-up",
        "reentry": "ALWAYS",
        "nodes": [_trigger("email"), _node("done", "END")],
        "edges": _edges("start > done"),
    },
    [{"email": "linus@elsewhere.example"}],
    {"COMPLETED": 1},
)
