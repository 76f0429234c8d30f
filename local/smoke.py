"""The main job of a deployed stack, checked from outside: `make smoke` (`local/smoke_stack.py`).

It makes an automation, sends it signed webhooks whose bytes are difficult to deliver, follows their
runs to a delivered e-mail, cancels a waiting run, and cleans up. It works on every stack, because
it uses the public API alone.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from local.settings import LocalError

Document = dict[str, Any]
Report = Callable[[str], None]

NAME = "Smoke test"
_JSON = "application/json"
_WAIT_SECONDS = 180.0
# SES takes it, also from an account in its sandbox, and reports a delivery. The part after the plus
# is free: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
_ADDRESS = "success+{}@simulator.amazonses.com"
_DIFFICULT = "Müller ☃"


@dataclass(frozen=True, slots=True)
class Case:
    """A signed webhook and what is expected of it. `status` is the status of the answer, and
    `words` must be part of its text. `name` is the name that the run's event must have; if it is
    empty, no run is checked."""

    title: str
    body: Callable[[str], bytes]
    content_type: str = _JSON
    status: int = 202
    name: str = ""
    words: str = ""


CASES = (
    Case(
        "UTF-8",
        lambda email: _body(email, _DIFFICULT).replace(", ", ",\t").encode() + b"\r\n",
        name=_DIFFICULT,
    ),
    Case(
        "a declared charset",
        lambda email: _body(email, "Müller").encode("latin-1"),
        f"{_JSON}; charset=iso-8859-1",
        name="Müller",
    ),
    Case(
        "bytes that are not UTF-8",
        lambda email: b'{"name": "M\xfcller"}',
        status=422,
        words="byte 11 (0xFC)",
    ),
)


@dataclass(frozen=True, slots=True)
class Hook:
    """The webhook of the automation under test, and the e-mail address of the contact in its
    events."""

    path: str
    secret: str
    email: str


def check(
    url: str,
    token: str,
    *,
    report: Report,
    compared: str | None = None,
    deliver: Callable[[str], None] | None = None,
) -> list[str]:
    """Checks the product's main path, from a webhook to a delivery, on the stack at `url`. `token`
    is an ADMIN's. Returns the problems. Calls `report` with each line of the report.

    Sends the same webhooks to the address `compared` too, such as API Gateway's own. Problems there
    are reported but not returned. A stack without real providers needs `deliver`: it is called with
    the id of each delivery, and must report the message as delivered, in place of the provider.
    """
    problems: list[str] = []

    def tell(title: str, problem: str | None, *, counts: bool = True) -> None:
        report(f"  {'ok  ' if problem is None else 'FAIL'} {problem or title}")
        if problem is not None and counts:
            problems.append(problem)

    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as api:
        with _automation(api, _ADDRESS.format(uuid4().hex)) as hook:
            for address in (url, compared):
                if address is None:
                    continue
                report(f"{address}:")
                for case in CASES:
                    problem = _problem(api, address + hook.path, hook, case)
                    tell(f"webhook: {case.title}", problem, counts=address == url)
                forged = _send(address + hook.path, "another secret", b"{}")
                wrong = f"a wrong signature: {forged.status_code} instead of 401"
                tell("webhook: a wrong signature", None if forged.status_code == 401 else wrong)
            tell("delivery", _delivery_problem(api, hook, deliver))
            tell("cancel", _cancel_problem(api, url + hook.path, hook))
        tell("clean-up", _leftover(api))
    return problems


def _body(email: str, name: str, **more: Any) -> str:
    return json.dumps({"email": email, "name": name, **more}, ensure_ascii=False)


def _problem(api: httpx.Client, url: str, hook: Hook, case: Case) -> str | None:
    answer = _send(url, hook.secret, case.body(hook.email), case.content_type)
    if answer.status_code == 401:
        return f"{case.title}: the signature does not match, so the bytes changed on the way"
    if answer.status_code != case.status or case.words not in answer.text:
        return f"{case.title}: {answer.status_code} instead of {case.status}: {answer.text[:300]}"
    if not case.name:
        return None
    run = _await(api, f"/v1/runs/{answer.json()['runId']}", lambda found: found["finishedAt"])
    if run["status"] != "COMPLETED" or run["payload"] != {"email": hook.email, "name": case.name}:
        return f"{case.title}: its run {run['id']} is {run['status']} with {run['payload']}"
    return None


def _delivery_problem(
    api: httpx.Client, hook: Hook, deliver: Callable[[str], None] | None
) -> str | None:
    """Waits until the provider has reported each message as delivered. Returns the first
    problem."""
    query = f"/v1/deliveries?address={hook.email.replace('+', '%2B')}"
    listed = _await(api, query, lambda found: found["items"])["items"]
    for each in listed:
        path = f"/v1/deliveries/{each['id']}"
        found = _await(api, path, lambda found: found["status"] not in ("PENDING", "RETRYING"))
        if found["status"] == "SENT" and deliver is not None:
            deliver(each["id"])
        if found["status"] == "SENT":
            found = _await(api, path, lambda found: found["status"] != "SENT")
        if found["status"] != "DELIVERED":
            return f"delivery {each['id']} is {found['status']}: {found.get('error')}"
    return None


def _cancel_problem(api: httpx.Client, url: str, hook: Hook) -> str | None:
    """Cancels a run that waits for an hour. Returns the problem if the run does not end as
    CANCELED."""
    answer = _send(url, hook.secret, _body(hook.email, "waits", wait=True).encode())
    if answer.status_code != 202:
        return f"cancel: {answer.status_code} instead of 202: {answer.text[:300]}"
    path = f"/v1/runs/{answer.json()['runId']}"
    _await(api, path, lambda found: any(step["nodeId"] == "hour" for step in found["steps"]))
    _sent(api.post(f"{path}/cancel", json={"reason": NAME}))
    run = _await(api, path, lambda found: found["finishedAt"])
    return None if run["status"] == "CANCELED" else f"cancel: {run['id']} is {run['status']}"


def _send(url: str, secret: str, body: bytes, content_type: str = _JSON) -> httpx.Response:
    headers = {
        "Content-Type": content_type,
        "X-Runledger-Signature": "sha256="
        + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }
    return httpx.post(url, content=body, headers=headers, timeout=30)


@contextmanager
def _automation(api: httpx.Client, email: str) -> Iterator[Hook]:
    """Yields the webhook of a new automation. At the end, archives the automation and erases the
    contact with this e-mail address."""
    document = _document(_template(api))
    path = f"/v1/automations/{_sent(api.post('/v1/automations', json=document))['id']}"
    try:
        _sent(api.post(f"{path}/activate"))
        _await(api, path, lambda found: found["status"] == "ACTIVE")
        # Only this answer shows a secret, whether the activation was quick or slow.
        rotated = _sent(api.post(f"{path}/rotate-secret", json={"overlapMinutes": 0}))["webhook"]
        yield Hook(rotated["path"], rotated["secret"], email)
    finally:
        _sent(api.post(f"{path}/archive"))
        for contact in _all(api, "/v1/contacts", contact=email):
            _sent(api.post(f"/v1/contacts/{contact['id']}/erase"))


def _document(template_id: str) -> Document:
    trigger = {
        "triggerType": "WEBHOOK",
        "signed": True,
        "dedupe": "OFF",
        "contactLookup": {"by": "email", "path": "email"},
        "createIfMissing": True,
    }
    waits = {"kind": "COMPARE", "left": "{{trigger.name}}", "operator": "EQUALS", "right": "waits"}
    mail = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
    }
    return {
        "name": NAME,
        "reentry": "ALWAYS",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": trigger},
            {"id": "waits", "type": "CONDITION", "config": waits},
            {"id": "hour", "type": "WAIT", "config": {"delayMinutes": 60}},
            {"id": "mail", "type": "SEND_MESSAGE", "config": mail},
            {"id": "done", "type": "END"},
            {"id": "late", "type": "END"},
        ],
        "edges": [
            {"source": "start", "target": "waits"},
            {"source": "waits", "target": "hour", "label": "true"},
            {"source": "waits", "target": "mail", "label": "false"},
            {"source": "mail", "target": "done"},
            {"source": "hour", "target": "late"},
        ],
    }


def _template(api: httpx.Client) -> str:
    """Returns the template of an earlier test, or a new one: templates cannot be deleted."""
    document = {
        "name": NAME,
        "channel": "EMAIL",
        "subject": NAME,
        "body": "{{ trigger.name }}",
    }
    for each in _all(api, "/v1/templates"):
        if each["name"] == NAME:
            return str(each["id"])
    return str(_sent(api.post("/v1/templates", json=document))["id"])


def _leftover(api: httpx.Client) -> str | None:
    """Returns the problem if an automation of the test is still there."""
    left = [each["id"] for each in _all(api, "/v1/automations") if _is_left(each)]
    return f"clean-up: {', '.join(left)} is not archived" if left else None


def _is_left(automation: Document) -> bool:
    return bool(automation["name"] == NAME and automation["status"] != "ARCHIVED")


def _all(api: httpx.Client, path: str, **filters: str) -> Iterator[Document]:
    query: dict[str, str] = dict(filters)
    while True:
        page = _sent(api.get(path, params=query))
        yield from page["items"]
        if page["nextCursor"] is None:
            return
        query["cursor"] = page["nextCursor"]


def _await(api: httpx.Client, path: str, is_done: Callable[[Document], Any]) -> Document:
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        found = _sent(api.get(path))
        if is_done(found):
            return found
        if time.monotonic() > until:
            raise LocalError(f"{path} is not done after {_WAIT_SECONDS:.0f} seconds: {found}")
        time.sleep(0.5)


def _sent(answer: httpx.Response) -> Document:
    """Returns the answer's document. Raises LocalError, with the problem, for a refusal."""
    if not answer.is_success:
        raise LocalError(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} "
            f"{answer.text[:500]}"
        )
    document: Document = answer.json()
    return document
