"""The workflow that n8n gets, and what its REST API answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from bench.peers.sides import Ended, RunFailed

Answer = Mapping[str, Any]

_OPEN = ("new", "running", "waiting")


def workflow(partner_url: str) -> dict[str, Any]:
    """Returns n8n's counterpart of Runledger's automation with five nodes. Its nodes are webhook →
    condition → HTTP call → HTTP call → end. The second HTTP call stands for an e-mail."""
    score = _call(
        f"{partner_url}/score", "={{ JSON.stringify({ email: $json.body.customer.email }) }}"
    )
    mail = _call(
        f"{partner_url}/mail",
        "={{ JSON.stringify({ orderId: $('Order').item.json.body.orderId, "
        "to: $('Order').item.json.body.customer.email, "
        "text: 'Your score: ' + $json.data.score }) }}",
    )
    webhook = {"httpMethod": "POST", "path": "order", "responseMode": "onReceived", "options": {}}
    condition = {
        "conditions": {
            "options": {"caseSensitive": True, "leftValue": "", "typeValidation": "strict"},
            "conditions": [
                {
                    "id": "big",
                    "leftValue": "={{ $json.body.total }}",
                    "rightValue": 100,
                    "operator": {"type": "number", "operation": "gt"},
                }
            ],
            "combinator": "and",
        },
        "options": {},
    }
    nodes = [
        _node("Order", "webhook", 2, webhook) | {"webhookId": "order"},
        _node("Big", "if", 2.2, condition),
        _node("Score", "httpRequest", 4.2, score),
        _node("Mail", "httpRequest", 4.2, mail),
        _node("Done", "noOp", 1, {}),
    ]
    names = [node["name"] for node in nodes]
    return {
        "name": "Five nodes",
        "nodes": nodes,
        "connections": {
            source: {"main": [[{"node": target, "type": "main", "index": 0}]]}
            for source, target in pairwise(names)
        },
        "settings": {"executionOrder": "v1"},
    }


def _node(name: str, kind: str, version: float, parameters: Answer) -> dict[str, Any]:
    return {
        "id": name.lower(),
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [0, 0],
        "parameters": parameters,
    }


def _call(url: str, body: str) -> dict[str, Any]:
    return {
        "method": "POST",
        "url": url,
        "sendBody": True,
        "specifyBody": "json",
        "jsonBody": body,
        "options": {},
    }


def activated_version(answer: Answer) -> tuple[str, str]:
    """Returns the ids of a new workflow and of its version, from the answer that created it."""
    made = answer["data"]
    return made["id"], made["versionId"]


def is_published(answer: Answer) -> bool:
    """Whether n8n listens for the webhook. n8n publishes a workflow after it has answered."""
    status: str = answer["data"]["status"]
    return status == "published"


def executions(answer: Answer) -> list[Ended]:
    """Returns the executions of a page, oldest first. Raises RunFailed if one of them failed."""
    rows: Sequence[Answer] = answer["data"]["results"]
    return [_ended(row) for row in sorted(rows, key=lambda row: int(row["id"]))]


def _ended(row: Answer) -> Ended:
    status = row["status"]
    if status in _OPEN:
        return Ended(None)
    if status != "success":
        raise RunFailed(f"execution {row['id']} of n8n is {status}")
    return Ended(datetime.fromisoformat(row["stoppedAt"]).timestamp() * 1_000)
