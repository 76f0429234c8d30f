"""Sends events to the demo workspace's webhooks."""

import hashlib
import hmac
import json
from typing import Any

import httpx


def send(local: dict[str, Any], name: str, event: dict[str, Any]) -> httpx.Response:
    """Sends the event to the webhook of the automation called `name`."""
    [webhook] = [webhook for webhook in local["webhooks"] if webhook["name"] == name]
    body = json.dumps(event).encode()
    headers = {"Content-Type": "application/json"}
    if secret := webhook.get("secret"):
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers["X-Runledger-Signature"] = f"sha256={digest}"
    return httpx.post(webhook["url"], content=body, headers=headers, timeout=30)


def fire(local: dict[str, Any], name: str, event: dict[str, Any]) -> str:
    """Sends an event that must be accepted; returns the run's id."""
    response = send(local, name, event)
    assert response.status_code == 202, response.text
    run_id: str = response.json()["runId"]
    return run_id
