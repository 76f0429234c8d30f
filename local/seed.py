"""Fills the workspaces through the public API, as a customer would."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

from local import demo
from local.settings import PASSWORD, WORKSPACES, LocalError, Stack
from local.sign_in import access_token

_SHOW_SECONDS = 90
# The tick runs once a minute.
_ACTIVATE_SECONDS = 180
_POLL_SECONDS = 0.25


class Api:
    """The public API, called as one user. A refused call raises LocalError with the API's
    message."""

    def __init__(self, url: str, email: str) -> None:
        token = access_token(url, email, PASSWORD)
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, document: Any = None) -> Any:
        try:
            response = self._http.request(method, path, json=document)
        except httpx.TransportError as error:
            raise LocalError(f"{method} {path} got no answer: {error}") from error
        if not response.is_success:
            raise LocalError(f"{method} {path} answered {response.status_code}: {response.text}")
        return response.json() if response.content else None


def seed(stack: Stack, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Fills both workspaces at the same time and returns their webhooks:
    `{automationId, name, path, secret?}`."""
    (_, _, demo_domain), (_, _, other_domain) = WORKSPACES

    def fill_demo() -> list[dict[str, Any]]:
        with Api(stack.url, f"admin@{demo_domain}") as api:
            automations = demo.automations(stack.demo_url)
            return _fill(api, say, demo.CONTACTS, automations, demo.TEMPLATES)

    def fill_other() -> list[dict[str, Any]]:
        with Api(stack.url, f"admin@{other_domain}") as api:
            return _fill(api, say, demo.OTHER_CONTACTS, [demo.OTHER_AUTOMATION], templates=[])

    pool = ThreadPoolExecutor(2)
    try:
        filled = [pool.submit(fill) for fill in (fill_demo, fill_other)]
        return [webhook for each in filled for webhook in each.result()]
    finally:
        # After an error or Ctrl-C the rest ends with its next call, when the gateway has stopped.
        pool.shutdown(wait=False)


def _fill(
    api: Api,
    say: Callable[[str], None],
    contacts: list[demo.Document],
    automations: list[demo.Automation],
    templates: list[demo.Document],
) -> list[dict[str, Any]]:
    for contact in contacts:
        api.call("POST", "/v1/contacts", contact)
    ids = {
        demo.template(template["name"]): api.call("POST", "/v1/templates", template)["id"]
        for template in templates
    }
    if templates:
        api.call("PUT", f"/v1/secrets/{demo.SECRET_NAME}", {"value": demo.SECRET_VALUE})
    webhooks: list[dict[str, Any]] = []
    expected: dict[str, Counter[str]] = {}
    # Sends events while the next automations are created.
    with ThreadPoolExecutor(1) as sender:
        sent: list[Future[None]] = []
        events: list[tuple[str, demo.Document]] = []
        for automation in automations:
            made = api.call("POST", "/v1/automations", _with_ids(automation.document, ids))
            active = _activated(api, made["id"])
            name = automation.document["name"]
            ids[demo.automation(name)] = made["id"]
            if automation.expected:
                expected[made["id"]] = Counter(automation.expected)
            # An automation is created after the one whose runs it waits for, and before that one's
            # first event.
            sent.append(sender.submit(_fire, api, events))
            events = []
            intake = active["webhook"]
            if intake is None:
                continue
            webhook = {"automationId": made["id"], "name": name, "path": intake["path"]}
            if secret := intake.get("secret"):
                webhook["secret"] = secret
            webhooks.append(webhook)
            events = [(intake["path"], event) for event in automation.events]
        sent.append(sender.submit(_fire, api, events))
        for each in sent:
            each.result()
    _await_runs(api, expected, say)
    return webhooks


def _activated(api: Api, automation_id: str) -> Any:
    """Activates an automation and returns it. If the workspace has to wait before it may create a
    state machine, waits until the activation has ended. Raises LocalError if it fails or takes too
    long."""
    path = f"/v1/automations/{automation_id}"
    shown = api.call("POST", f"{path}/activate")
    secret = (shown["activation"] or {}).get("secret")
    deadline = time.monotonic() + _ACTIVATE_SECONDS
    while shown["activation"] and shown["activation"]["status"] == "PENDING":
        if time.monotonic() > deadline:
            raise LocalError(f"{automation_id} was not active within {_ACTIVATE_SECONDS} s")
        time.sleep(_POLL_SECONDS)
        shown = api.call("GET", path)
    if shown["status"] != "ACTIVE":
        raise LocalError(f"{automation_id} was not activated: {shown['activation']}")
    if secret and shown["webhook"]:
        shown["webhook"]["secret"] = secret
    return shown


def _fire(api: Api, events: list[tuple[str, demo.Document]]) -> None:
    for path, event in events:
        api.call("POST", path, event)


def _with_ids(value: Any, ids: dict[str, str]) -> Any:
    """Returns the document with ids in the place of its placeholders."""
    if isinstance(value, dict):
        return {name: _with_ids(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_ids(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, str) else value


def _await_runs(api: Api, expected: dict[str, Counter[str]], say: Callable[[str], None]) -> None:
    """Waits until every run has its expected status. If this computer is too busy, prints that and
    returns: the data is complete, and the runs will end later."""
    deadline = time.monotonic() + _SHOW_SECONDS
    while True:
        runs = api.call("GET", "/v1/runs?limit=100")["items"]
        found = {automation_id: Counter[str]() for automation_id in expected}
        for run in runs:
            if run["automationId"] in found:
                found[run["automationId"]][run["status"]] += 1
        if found == expected:
            return
        if time.monotonic() > deadline:
            say(f"not all runs of the demo exist yet: {found} instead of {expected}")
            return
        time.sleep(_POLL_SECONDS)
