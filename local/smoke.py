"""Checks a deployed stack from outside: `python -m local.smoke URL`, with the token of an ADMIN in
RUNLEDGER_TOKEN.

It makes an automation of its own, sends it signed webhooks whose bytes are difficult to deliver,
follows their runs and archives the automation. URL is the console's address; a second address, such
as API Gateway's own, is checked for comparison and fails nothing. It works on every stack: it uses
the public API alone.
"""

import hashlib
import hmac
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from local.settings import LocalError

_JSON = "application/json"
_NAME = "Smoke test of webhooks"
_WAIT_SECONDS = 120.0
_TEXT = '{"name": "Müller ☃",\t"n": 1.0}\r\n'


@dataclass(frozen=True, slots=True)
class Case:
    """A signed webhook, and the status of its answer. `payload` is what its run must have;
    `words` are what the answer must say."""

    name: str
    body: bytes
    content_type: str = _JSON
    status: int = 202
    payload: dict[str, Any] | None = None
    words: str = ""


CASES = (
    Case("UTF-8", _TEXT.encode(), payload={"name": "Müller ☃", "n": 1}),
    Case(
        "a declared charset",
        '{"name": "Müller"}'.encode("latin-1"),
        f"{_JSON}; charset=iso-8859-1",
        payload={"name": "Müller"},
    ),
    Case("bytes that are not UTF-8", b'{"name": "M\xfcller"}', status=422, words="byte 11 (0xFC)"),
)


def main(arguments: list[str]) -> int:
    token = os.environ.get("RUNLEDGER_TOKEN", "")
    if not arguments or not token:
        print("name the stack's address, and put an ADMIN's token into RUNLEDGER_TOKEN")
        return 2
    try:
        problems = check(arguments[0], token, *arguments[1:2], report=print)
    except (LocalError, httpx.HTTPError) as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if problems else 0


def check(
    url: str, token: str, compared: str | None = None, *, report: Callable[[str], None]
) -> list[str]:
    """Sends every case to the stack, and returns the problems; `report` is called with each line.
    The address `compared` gets the same cases, and its problems are only reported."""
    headers = {"Authorization": f"Bearer {token}"}
    problems = []
    with httpx.Client(base_url=url, headers=headers, timeout=30) as api, _webhook(api) as hook:
        path, secret = hook
        for address in (url, compared):
            if address is None:
                continue
            report(f"{address}:")
            for case in CASES:
                problem = _problem(api, address + path, secret, case)
                report(f"  {'ok  ' if problem is None else 'FAIL'} {problem or case.name}")
                if problem is not None and address == url:
                    problems.append(problem)
            forged = _send(address + path, "another secret", CASES[0])
            if forged.status_code != 401:
                problems.append(f"a wrong signature: {forged.status_code} instead of 401")
                report(f"  FAIL {problems[-1]}")
    return problems


def _problem(api: httpx.Client, url: str, secret: str, case: Case) -> str | None:
    answer = _send(url, secret, case)
    if answer.status_code == 401:
        return f"{case.name}: the signature does not match, so the bytes changed on the way"
    if answer.status_code != case.status or case.words not in answer.text:
        return f"{case.name}: {answer.status_code} instead of {case.status}: {answer.text[:300]}"
    if case.payload is None:
        return None
    run = _await(api, f"/v1/runs/{answer.json()['runId']}", lambda found: found["finishedAt"])
    if run["status"] != "COMPLETED" or run["payload"] != case.payload:
        return f"{case.name}: its run {run['id']} is {run['status']} with {run['payload']}"
    return None


def _send(url: str, secret: str, case: Case) -> httpx.Response:
    headers = {
        "Content-Type": case.content_type,
        "X-Runledger-Signature": "sha256="
        + hmac.new(secret.encode(), case.body, hashlib.sha256).hexdigest(),
    }
    return httpx.post(url, content=case.body, headers=headers, timeout=30)


@contextmanager
def _webhook(api: httpx.Client) -> Iterator[tuple[str, str]]:
    """Yields the path and the secret of a new automation, which is archived at the end."""
    trigger = {"triggerType": "WEBHOOK", "signed": True, "dedupe": "OFF"}
    document = {
        "name": _NAME,
        "reentry": "ALWAYS",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": trigger},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }
    path = f"/v1/automations/{_sent(api.post('/v1/automations', json=document))['id']}"
    try:
        _sent(api.post(f"{path}/activate"))
        _await(api, path, lambda found: found["status"] == "ACTIVE")
        # Only this answer shows a secret, whether the activation was quick or slow.
        rotated = _sent(api.post(f"{path}/rotate-secret", json={"overlapMinutes": 0}))["webhook"]
        yield rotated["path"], rotated["secret"]
    finally:
        _sent(api.post(f"{path}/archive"))


def _await(
    api: httpx.Client, path: str, is_done: Callable[[dict[str, Any]], Any]
) -> dict[str, Any]:
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        found = _sent(api.get(path))
        if is_done(found):
            return found
        if time.monotonic() > until:
            raise LocalError(f"{path} is not done after {_WAIT_SECONDS:.0f} seconds: {found}")
        time.sleep(0.5)


def _sent(answer: httpx.Response) -> dict[str, Any]:
    """Returns the answer's document. Raises LocalError, with the problem, for a refusal."""
    if not answer.is_success:
        raise LocalError(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} "
            f"{answer.text[:500]}"
        )
    document: dict[str, Any] = answer.json()
    return document


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
