"""Automations with nodes of every type, and their events."""

from typing import Any

from tests.support.simulation import Simulation


def everything(template_id: str) -> dict[str, Any]:
    """Returns an automation of every node type except UPDATE_CONTACT. It has a WAIT, so it runs on
    Standard, and a fork whose branches both have effects."""
    trigger = {
        "triggerType": "WEBHOOK",
        "contactLookup": {"by": "email", "path": "customer.email"},
        "createIfMissing": True,
        "dedupePath": "orderId",
        "keys": [{"name": "order", "path": "orderId"}, {"name": "plan", "path": "plan"}],
    }
    big = {
        "kind": "COMPARE",
        "left": "{{trigger.total}}",
        "operator": "GREATER_THAN",
        "right": 100,
    }
    rule = {"field": "trigger.plan", "operator": "EQUALS", "value": "pro", "label": "pro"}
    score = {
        "method": "POST",
        "url": "https://api.example.com/score",
        "headers": {"Authorization": "Bearer {{secret.SCORE_KEY}}"},
        "body": {"email": "{{contact.email}}"},
        "capture": {"score": {"path": "data.score", "required": True}},
    }
    mail = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
    }
    nodes: list[tuple[str, str, dict[str, Any]]] = [
        ("start", "TRIGGER", trigger),
        ("big", "CONDITION", big),
        ("plan", "SWITCH", {"rules": [rule], "fallbackLabel": "otherwise"}),
        ("note", "SET", {"assignments": [{"target": "vars.plan", "value": "pro"}]}),
        ("pause", "WAIT", {"delayMinutes": 3}),
        ("tier", "SET", {"assignments": [{"target": "vars.tier", "value": "gold"}]}),
        ("score", "INTEGRATION", score),
        ("mail", "SEND_MESSAGE", mail),
        ("together", "MERGE", {}),
        ("done", "END", {}),
        ("bad", "STOP_ERROR", {"message": "Order {{trigger.orderId}} is too small"}),
    ]
    edges = [
        ("start", "big", None),
        ("big", "plan", "true"),
        ("big", "bad", "false"),
        ("plan", "note", "pro"),
        ("plan", "pause", "otherwise"),
        ("note", "pause", None),
        ("pause", "tier", None),
        ("tier", "score", None),
        ("tier", "mail", None),
        ("score", "together", None),
        ("mail", "together", None),
        ("together", "done", None),
    ]
    return _document("Everything", nodes, edges)


def brief(template_id: str) -> dict[str, Any]:
    """Returns a part of the automation of `everything`, without its wait and its fork, so that it
    runs on Express."""
    whole = everything(template_id)
    kept = {"start", "big", "score", "mail", "done", "bad"}
    nodes = [
        (each["id"], each["type"], each["config"]) for each in whole["nodes"] if each["id"] in kept
    ]
    edges = [
        ("start", "big", None),
        ("big", "score", "true"),
        ("big", "bad", "false"),
        ("score", "mail", None),
        ("mail", "done", None),
    ]
    return _document("Brief", nodes, edges)


def contact_update() -> dict[str, Any]:
    """Returns an automation that changes its contact."""
    trigger = {
        "triggerType": "WEBHOOK",
        "contactLookup": {"by": "email", "path": "customer.email"},
        "createIfMissing": True,
        "dedupePath": "orderId",
    }
    update = {
        "fields": [
            {"field": "firstName", "value": "Ada"},
            {"field": "metadata.lastOrder", "value": "{{trigger.orderId}}"},
            {"field": "metadata.renewsOn", "value": "2027-03-01", "type": "DATE"},
        ],
        "addTags": ["customer"],
        "removeTags": ["lead"],
    }
    nodes: list[tuple[str, str, dict[str, Any]]] = [
        ("start", "TRIGGER", trigger),
        ("update", "UPDATE_CONTACT", update),
        ("done", "END", {}),
    ]
    return _document("Update", nodes, [("start", "update", None), ("update", "done", None)])


def plain() -> dict[str, Any]:
    """Returns an automation of a webhook and an end. A repeated event opens only one run."""
    nodes = [("start", "TRIGGER", {"triggerType": "WEBHOOK", "dedupePath": "orderId"})]
    return _document("Plain", [*nodes, ("done", "END", {})], [("start", "done", None)])


def follower(upstream_id: str) -> dict[str, Any]:
    """Returns an automation that starts after each run of another one."""
    trigger = {"triggerType": "UPSTREAM", "automationId": upstream_id, "on": ["COMPLETED"]}
    nodes = [("start", "TRIGGER", trigger), ("done", "END", {})]
    return _document("Follower", nodes, [("start", "done", None)])


def _document(
    name: str, nodes: list[tuple[str, str, dict[str, Any]]], edges: list[tuple[str, str, Any]]
) -> dict[str, Any]:
    return {
        "name": name,
        "nodes": [
            {"id": node_id, "type": kind, "config": config} for node_id, kind, config in nodes
        ],
        "edges": [
            {"source": source, "target": target, **({"label": label} if label else {})}
            for source, target, label in edges
        ],
    }


def order(number: str = "A-1", total: int = 150) -> dict[str, Any]:
    """Returns an event; a total up to 100 leads to STOP_ERROR."""
    customer = {"email": "ada@example.com"}
    return {"orderId": number, "total": total, "plan": "pro", "customer": customer}


def make_template(simulation: Simulation) -> str:
    """Creates a message template, and the secret that the call needs; returns the template's id."""
    simulation.request("api", "PUT", "/v1/secrets/SCORE_KEY", {"value": "key-that-nobody-sees"})
    made = simulation.request(
        "api",
        "POST",
        "/v1/templates",
        {"name": "Mail", "channel": "EMAIL", "subject": "Hi", "body": "Hello {{contact.email}}"},
    )
    assert made["status"] == 201, (made, simulation.unforeseen)
    return str(made["body"]["id"])
