"""Sends random secrets in every part of a call to a service that echoes them in many forms; none of
them is stored.

The deployed handlers run over real sockets. Afterwards everything they left is searched: rows,
objects, log lines, events, API answers, and the data in Step Functions.
"""

import gzip
import io
import json
import logging
import random
import socket
import string
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from runledger.clock import MINUTE
from runledger.observability import logger
from runledger.outbound.client import OutboundClient

from tests.support.depth import examples
from tests.support.echo_service import EchoService, echo_service
from tests.support.secret_forms import find_words, forms
from tests.support.simulation import Simulation, open_simulation

# In a header (Latin-1 only), anywhere, as a password, in a query, and as a host's name.
NAMES = ("HEADER", "ANYWHERE", "PASSWORD", "QUERY", "HOST")
_LETTERS = string.ascii_letters + string.digits
_ODD = "\"'\\/+&<>%=?#:;,|~ {}[]()!@$^*`_-."
_LATIN = _ODD + "äßéÿ£"
_ANY = _LATIN + "€漢字🔑\u0301\u202e\ufffd"


def secret(odd: str) -> st.SearchStrategy[str]:
    """Odd characters around random letters, which nothing else contains by chance."""
    core = st.integers(0, 2**64).map(lambda n: "".join(random.Random(n).choices(_LETTERS, k=14)))
    around = st.text(odd, max_size=6)
    return st.tuples(around, core, around).map("".join).filter(lambda text: text == text.strip())


SECRETS = st.fixed_dictionaries(
    {
        "HEADER": secret(_LATIN),
        "ANYWHERE": secret(_ANY),
        "PASSWORD": secret(_ANY),
        "QUERY": secret(_ANY),
        "HOST": secret(""),
    }
)


def graph(host: str) -> dict[str, Any]:
    """Returns an automation of several calls. Each continues after success or failure; the last one
    fails the run."""
    everywhere = {
        "method": "POST",
        "headers": {"X-Key": "{{secret.HEADER}}", "Idempotency-Key": "{{secret.HEADER}}"},
        "query": {"q": "{{secret.QUERY}}", "mixed": "a{{secret.ANYWHERE}}b"},
        "body": {
            "deep": [{"k": "{{secret.ANYWHERE}}"}],
            "note": "{{secret.QUERY | base64_encode}} {{secret.PASSWORD | url_encode}}",
        },
    }
    basic = {"type": "BASIC", "username": "u{{secret.QUERY | url_encode}}"}
    calls: dict[str, dict[str, Any]] = {
        "json": {**everywhere, "capture": {"all": "@", "first": "words[0]", "n": "length(words)"}},
        "html": {
            "method": "GET",
            "url": f"http://{host}/html/"
            + "{{secret.ANYWHERE | url_encode}}?k={{secret.QUERY | url_encode}}",
            "auth": {**basic, "password": "{{secret.PASSWORD}}"},
        },
        "form": {
            **everywhere,
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            "auth": {"type": "BEARER", "token": "{{secret.HEADER}}"},
        },
        "headers": {
            **everywhere,
            "headers": {},
            "auth": {"type": "HEADER", "name": "X-Shop", "value": "k={{secret.HEADER}}"},
        },
        "redirect": {"method": "GET", "headers": {"X-Key": "{{secret.HEADER}}"}},
        "away": {"method": "GET", "headers": {"X-Key": "{{secret.HOST}}"}},
        # No secret, but a value in a credential's place, which is redacted whatever its source.
        "given": {
            **everywhere,
            "headers": {"X-Api-Key": "{{trigger.given}}"},
            "url": f"http://{host}/json?token={{{{trigger.given}}}}",
        },
        "error": {
            **everywhere,
            "idempotent": True,
            "retry": {"maxTries": 2, "retryOn": ["5xx"], "backoffSeconds": 0},
        },
        "big": everywhere,
        "binary": everywhere,
        "broken": {**everywhere, "body": "{{secret.ANYWHERE}} in a text"},
        "fatal": {
            "method": "GET",
            "url": "http://{{secret.HOST}}.calls.example/{{secret.QUERY | url_encode}}",
        },
    }
    # The body, the header and the words of each call are known to it alone, so each names all.
    names = {f"x{name}": f"{{{{secret.{name}}}}}" for name in NAMES}
    keys = [{"name": "number", "path": "n"}, {"name": "given", "path": "given"}]
    trigger = {"triggerType": "WEBHOOK", "keys": keys}
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "TRIGGER", "config": trigger}]
    edges: list[dict[str, str]] = [{"source": "start", "target": "json"}]
    for name, call in calls.items():
        query = {**call.get("query", {}), **names}
        config = {"url": f"http://{host}/{name}", **call, "query": query}
        nodes.append({"id": name, "type": "INTEGRATION", "config": config})
    for before, after in zip(calls, [*list(calls)[1:]], strict=False):
        edges += [{"source": before, "target": after, "label": each} for each in ("ok", "error")]
    nodes.append({"id": "done", "type": "END", "config": {}})
    edges.append({"source": "fatal", "target": "done"})
    return {"name": "Echoes", "nodes": nodes, "edges": edges}


@dataclass
class Ready:
    simulation: Simulation
    service: EchoService
    webhook: str
    log: io.StringIO
    runs: int = 0


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logger.registered_formatter)

    def look_up(host: str, port: int) -> list[str]:
        if host == "127.0.0.1":
            return [host]
        raise socket.gaierror(-2, f"{host}: name or service not known")

    with echo_service() as service, open_simulation() as simulation:
        http: Any = OutboundClient(allow_hosts=[service.host], resolver=look_up)
        simulation.http = http
        logger.setLevel("DEBUG")
        logger._logger.addHandler(handler)
        for name in NAMES:
            put(simulation, name, f"not yet the value of {name}")
        automation = simulation.activate(graph(service.host))
        yield Ready(simulation, service, simulation.webhook_path(automation), log)
        logger._logger.removeHandler(handler)


def put(simulation: Simulation, name: str, value: str) -> None:
    document = {"value": value, "allowedHosts": ["127.0.0.1", "*.calls.example"]}
    answer = simulation.request("api", "PUT", f"/v1/secrets/{name}", document)
    assert answer["status"] == 200, (answer, simulation.unforeseen)
    assert value not in json.dumps(answer, ensure_ascii=False)


def leaves(value: Any) -> Iterator[str]:
    """Yields every text in a value; unpacks compressed bytes and JSON in texts."""
    if isinstance(value, bytes):
        yield from leaves(unpacked(value))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from leaves(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            try:
                yield from leaves(json.loads(value))
            except ValueError:
                return
    else:
        yield str(value)


def unpacked(data: bytes) -> str:
    for unpack in (zlib.decompress, gzip.decompress):
        try:
            return unpack(data).decode(errors="replace")
        except (zlib.error, OSError):
            continue
    return data.decode(errors="replace")


def everything_left(ready: Ready, run_id: str, rerun_id: str) -> dict[str, str]:
    """Returns everything that somebody could read later, by place."""
    simulation = ready.simulation
    told: list[Any] = [
        simulation.request("query", "GET", path, None)
        for path in (
            f"/v1/runs/{run_id}",
            f"/v1/runs/{rerun_id}",
            f"/v1/runs/{run_id}/compare/{rerun_id}",
            "/v1/runs",
            "/v1/secrets",
            "/v1/automations",
        )
    ]
    preview = {"dryRun": True, "from": "START"}
    told.append(simulation.request("api", "POST", f"/v1/runs/{run_id}/rerun", preview))
    assert [each["status"] for each in told] == [200] * 7
    executions = [vars(each) for each in simulation.step_functions.executions.values()]
    places = {
        "rows": simulation.table.items(),
        "objects": simulation.s3.objects,
        "log": ready.log.getvalue().splitlines(),
        "unforeseen": simulation.unforeseen,
        "events": simulation.bus.entries,
        "answers": told,
        "executions": [{k: v for k, v in each.items() if k != "machine"} for each in executions],
    }
    return {name: "\n".join(leaves(value)) for name, value in places.items()}


# Without shrinking: every example is a whole run, and a finding shows its secret as it is.
@settings(
    deadline=None,
    max_examples=examples(12, quick=4),
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
@given(secrets=SECRETS, seed=st.integers(0, 2**32))
def test_no_secret_is_found_in_anything_that_is_stored(
    ready: Ready, secrets: dict[str, str], seed: int
) -> None:
    simulation = ready.simulation
    picked = random.Random(seed)
    for name, value in secrets.items():
        put(simulation, name, value)
    given = f"{picked.getrandbits(96):x}"
    # A process may cache a value for half a minute.
    simulation.clock.advance(MINUTE)
    ready.service.words = [
        form for each in secrets.values() for form in picked.sample(sorted(forms(each).values()), 6)
    ] + [secrets["HOST"].lower()]
    ready.service.seen.clear()
    ready.log.truncate(0)
    ready.runs += 1

    body = {"n": ready.runs, "given": given}
    answer = simulation.request("webhook_in", "POST", ready.webhook, body)
    assert answer["status"] == 202, (answer, simulation.unforeseen)
    run_id = answer["body"]["runId"]
    simulation.settle()

    row = next(item for item in simulation.runs() if item["pk"] == f"RUN#{run_id}")
    steps = simulation.steps(f"RUN#{run_id}")
    assert (row["status"], row["error"]["node"]) == ("FAILED", "fatal"), row
    assert len(steps) == 12
    # What came to the service was the real thing; error was tried twice, redirect led on.
    kinds = [path.split("/")[1].partition("?")[0] for path, _, _ in ready.service.seen]
    assert kinds.count("error") == 2
    assert {"json", "html", "form", "headers", "big", "binary", "redirect"} <= set(kinds)
    assert secrets["ANYWHERE"] in json.loads(ready.service.seen[0][2])["deep"][0]["k"]
    assert any(
        f"runs/{run_id}/" in key and "/bodies/big-response" in key for key in simulation.s3.objects
    )

    assert given in ready.service.seen[-1][0] or any(
        given in path for path, _, _ in ready.service.seen
    )
    assert given not in "\n".join(leaves(steps))
    # A rerun copies steps and files, and makes the last call again.
    opened = simulation.request("api", "POST", f"/v1/runs/{run_id}/rerun", {})
    assert opened["status"] == 202, (opened, simulation.unforeseen)
    rerun_id = opened["body"]["runId"]
    simulation.settle()
    assert {"json", "big", "fatal"} <= simulation.steps(f"RUN#{rerun_id}").keys()
    assert any(
        f"runs/{rerun_id}/" in key and "/bodies/big-response" in key
        for key in simulation.s3.objects
    )

    left = everything_left(ready, run_id, rerun_id)
    assert "{{secret.HEADER}}" in left["rows"]
    assert "walked" in left["log"]
    assert "run.failed" in left["events"]
    for name, value in secrets.items():
        for trace in find_words(value):
            for place, text in left.items():
                assert trace not in text, (name, trace, place, _around(text, trace))
        # Nor the part that no way of writing changes.
        core = max("".join(c if c in _LETTERS else " " for c in value).split(), key=len)
        for place, text in left.items():
            assert core.lower() not in text.lower(), (name, place, _around(text, core))


def _around(text: str, found: str) -> str:
    place = text.lower().find(found.lower())
    return text[max(place - 80, 0) : place + 120]


def test_a_refused_secret_is_not_quoted(ready: Ready) -> None:
    ready.log.truncate(0)
    for value in ("hunter\n2222", "x" * 10_001 + "hunter2222"):
        document = {"value": value}
        answer = ready.simulation.request("api", "PUT", "/v1/secrets/HEADER", document)
        assert answer["status"] == 422
        assert "hunter" not in json.dumps(answer) + ready.log.getvalue()
    answer = ready.simulation.request(
        "api", "PUT", "/v1/secrets/HEADER", {"value": {"a": "hunter2222"}}
    )
    assert answer["status"] in (400, 422)
    assert "hunter" not in json.dumps(answer) + ready.log.getvalue()
