"""The API's handlers, called like API Gateway calls them: statuses, problems and permissions."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runledger import aws
from runledger.composition import services
from runledger.models.workspace import Membership, Role
from runledger.nodes.registry import NODE_TYPES
from runledger.nodes.source_config import Preset
from runledger.nodes.trigger import TriggerConfig
from runledger.observability import logger
from runledger.store import keys
from runledger.store.values import to_dynamo

from tests.support.document import faults_of_answer
from tests.support.engine import Engine, client_of
from tests.support.environment import (
    ACCOUNT,
    BUCKET,
    DELIVERY_RETRY,
    EXPORT,
    FAN_OUT,
    IMPORT,
    PREFIX,
    REGION,
    SCHEDULE_GROUP,
    TABLE,
)
from tests.support.lambda_processes import forget_settings, functions_over

EVENTS = Path(__file__).parents[2] / "events"


EDGE_KEY = "the distribution's key of this test"


CLIENT_ID = "the console's client of this test"


class FakeContext:
    aws_request_id = "request-1"
    function_name = "f"

    def get_remaining_time_in_millis(self) -> int:
        return 55_000


CONTEXT: Any = FakeContext()


@pytest.fixture
def deployed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The handlers over the engine's table, in a workspace with a member of every role."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    cursor = engine.secrets_manager.create_secret(Name="cursor", SecretString="a key of this test")
    edge = engine.secrets_manager.create_secret(Name="edge", SecretString=EDGE_KEY)
    environment = {
        "RUNLEDGER_TABLE": TABLE,
        "RUNLEDGER_BUCKET": BUCKET,
        "RUNLEDGER_STACK": "runledger",
        "RUNLEDGER_MACHINE_PREFIX": PREFIX,
        "RUNLEDGER_MACHINE_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/machine",
        "RUNLEDGER_MACHINE_LOG_GROUP_ARN": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:machines",
        "RUNLEDGER_LOGIC_ARN": f"{arn}logic",
        "RUNLEDGER_MESSAGE_ARN": f"{arn}message",
        "RUNLEDGER_INTEGRATION_ARN": f"{arn}integration",
        "RUNLEDGER_CURSOR_SECRET_ARN": cursor["ARN"],
        "RUNLEDGER_EDGE_SECRET_ARN": edge["ARN"],
        "RUNLEDGER_SENDER_EMAIL": "no-reply@example.com",
        "RUNLEDGER_SCHEDULE_GROUP": SCHEDULE_GROUP,
        "RUNLEDGER_SCHEDULE_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/schedule",
        "RUNLEDGER_FAN_OUT_ARN": FAN_OUT,
        "RUNLEDGER_DELIVERY_RETRY_ARN": DELIVERY_RETRY,
        "RUNLEDGER_EXPORT_ARN": EXPORT,
        "RUNLEDGER_IMPORT_ARN": IMPORT,
        "RUNLEDGER_LOST_EVENTS_ARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost",
        "RUNLEDGER_USER_POOL_ID": f"{REGION}_operators",
        "RUNLEDGER_USER_POOL_CLIENT_ID": CLIENT_ID,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for role in Role:
        member = Membership(
            user_id=f"user-{role.lower()}",
            email=f"{role.lower()}@example.com",
            workspace_id=engine.workspace_id,
            role=role,
            created_at=engine.clock(),
        )
        engine.stores.workspaces.put_member(member)
    with functions_over(engine.table):
        yield engine


@pytest.fixture
def pool(deployed: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user pool with an account of every role; the account's name is also the `sub` of its
    tokens. It is a separate fixture because moto takes long to create a pool."""
    cognito = client_of("cognito-idp")
    made: str = cognito.create_user_pool(PoolName="operators")["UserPool"]["Id"]
    monkeypatch.setenv("RUNLEDGER_USER_POOL_ID", made)
    forget_settings()
    for role in Role:
        an_account(made, f"user-{role.lower()}", f"{role.lower()}@example.com")
    return made


def an_account(pool: str, name: str, email: str, *, is_verified: bool = True) -> None:
    verified = "true" if is_verified else "false"
    client_of("cognito-idp").admin_create_user(
        UserPoolId=pool,
        Username=name,
        UserAttributes=[
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": verified},
        ],
    )


def claims_of(user_id: str, signed_in_at: int = 1_700_000_000) -> dict[str, str]:
    """Returns the claims of an access token, all as text, like API Gateway passes them on."""
    pool = os.environ["RUNLEDGER_USER_POOL_ID"]
    return {
        "sub": user_id,
        "username": user_id,
        "token_use": "access",
        "client_id": os.environ["RUNLEDGER_USER_POOL_CLIENT_ID"],
        "iss": f"https://cognito-idp.{REGION}.amazonaws.com/{pool}",
        "auth_time": str(signed_in_at),
        "iat": str(signed_in_at),
    }


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def call(
    method: str,
    path: str,
    body: Any = None,
    *,
    role: str | None = "owner",
    query: str = "",
    raw: bytes | None = None,
    headers: dict[str, str] | None = None,
    claims: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Makes one request and returns its status, headers and parsed body. Fails if the OpenAPI
    document does not allow the answer."""
    from functions.api.handler import handler as api
    from functions.query.handler import handler as query_handler

    event = sample("query" if method == "GET" else "api")
    event["rawPath"] = path
    event["rawQueryString"] = query
    pairs = [pair.split("=", 1) for pair in query.split("&") if pair]
    event["queryStringParameters"] = dict(pairs)
    event["headers"] = {"content-type": "application/json", **(headers or {})}
    event["requestContext"]["http"].update(method=method, path=path)
    if claims is None:
        claims = claims_of(f"user-{role}") if role else {}
    event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    event["body"] = base64.b64encode(content).decode()
    event["isBase64Encoded"] = True
    answer = (query_handler if method == "GET" else api)(event, CONTEXT)
    status = int(answer["statusCode"])
    assert faults_of_answer(method, path, status, answer["headers"], answer["body"]) == []
    parsed = json.loads(answer["body"]) if answer["body"] else None
    return {"status": status, "headers": answer["headers"], "body": parsed}


def test_me_shows_the_caller(pool: str) -> None:
    answer = call("GET", "/v1/me", role="member")
    assert answer["body"] == {
        "userId": "user-member",
        "email": "member@example.com",
        "mfa": False,
        "workspaces": [{"id": "ws_demo", "name": "Demo", "role": "MEMBER", "requireMfa": False}],
        "workspaceId": "ws_demo",
        "role": "MEMBER",
        "invitations": [],
    }


@pytest.mark.parametrize(("role", "status"), [("nobody", 403), (None, 401)])
def test_a_caller_without_membership_or_token_is_refused(
    deployed: Engine, role: str | None, status: int
) -> None:
    assert call("GET", "/v1/runs", role=role)["status"] == status


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_viewers_and_members_change_nothing(deployed: Engine, role: str) -> None:
    changes = [
        ("POST", "/v1/contacts", {"email": "a@example.com"}),
        ("POST", "/v1/templates", {"name": "x", "channel": "EMAIL", "subject": "x", "body": "x"}),
        ("PUT", "/v1/secrets/KEY", {"value": "x"}),
        ("DELETE", "/v1/secrets/KEY", None),
        ("POST", "/v1/automations", {"name": "x"}),
        ("POST", "/v1/automations/aut_1/activate", None),
        ("POST", "/v1/suppressions", {"address": "a@example.com"}),
        ("DELETE", "/v1/suppressions/a@example.com", None),
    ]
    for method, path, body in changes:
        answer = call(method, path, body, role=role)
        assert answer["status"] == 403, path
        assert answer["headers"]["Content-Type"] == "application/problem+json"


def test_a_contact_is_created_read_and_replaced(deployed: Engine) -> None:
    made = call("POST", "/v1/contacts", {"email": "Ada@Example.com", "tags": ["vip", "vip"]})
    assert made["status"] == 201
    assert (made["body"]["email"], made["body"]["tags"]) == ("ada@example.com", ["vip"])
    read = call("GET", f"/v1/contacts/{made['body']['id']}", role="viewer")
    assert read["body"] == made["body"]
    taken = call("POST", "/v1/contacts", {"email": "ada@example.com"})
    assert taken["status"] == 409
    changed = call("PUT", f"/v1/contacts/{made['body']['id']}", {"phone": "+49 151 12345678"})
    assert (changed["body"]["email"], changed["body"]["phone"]) == (None, "+4915112345678")
    assert call("POST", "/v1/contacts", {"email": "ada@example.com"})["status"] == 201


def test_contacts_are_listed_in_pages(deployed: Engine) -> None:
    for number in range(5):
        call("POST", "/v1/contacts", {"email": f"c{number}@example.com"})
    first = call("GET", "/v1/contacts", query="limit=3")["body"]
    cursor = first["nextCursor"]
    second = call("GET", "/v1/contacts", query=f"limit=3&cursor={cursor}")["body"]
    emails = [each["email"] for each in first["items"] + second["items"]]
    assert sorted(emails) == [f"c{number}@example.com" for number in range(5)]
    assert second["nextCursor"] is None


def test_a_pasted_address_or_id_finds_its_contact(deployed: Engine) -> None:
    document = {"email": "ada@example.com", "phone": "+4915112345678"}
    made = call("POST", "/v1/contacts", document)["body"]
    call("POST", "/v1/contacts", {"email": "other@example.com"})

    def found(pasted: str) -> list[str]:
        answer = call("GET", "/v1/contacts", query=f"contact={pasted}")
        return [each["id"] for each in answer["body"]["items"]]

    assert found(" Ada@Example.com ") == found("+49 151 12345678") == found(made["id"])
    assert found(made["id"]) == [made["id"]]
    assert found("nobody@example.com") == found("con_1") == []
    wrong = call("GET", "/v1/contacts", query="contact=me")
    assert (wrong["status"], wrong["body"]["field"]) == (422, "contact")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "line 1, column 2"),
        (b"", "body"),
        (b"[]", ""),
        (b'{"email": 7}', "email"),
        (b"\xff", "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b"[" * 300 + b"]" * 300, "nested"),
        (b'{"metadata": {"n": ' + b"9" * 5_000 + b"}}", "digits"),
        (b'{"metadata": {"n": NaN}}', "NaN"),
        (b'{"metadata": {"n": 1e999}}', "too large"),
        (b'{"metadata": {"n": "' + b"x" * 40_000 + b'"}}', "metadata"),
    ],
)
def test_a_malformed_body_is_refused_with_422(deployed: Engine, raw: bytes, words: str) -> None:
    answer = call("POST", "/v1/contacts", raw=raw)
    assert answer["status"] == 422
    assert words in json.dumps(answer["body"])


def test_a_lone_surrogate_becomes_a_replacement_character(deployed: Engine) -> None:
    raw = (
        rb'{"firstName": "Ada \ud83d", "metadata": {"k\udfff": "\ud83d\ude00"}, "tags": ["\ud800"]}'
    )
    made = call("POST", "/v1/contacts", raw=raw)
    assert made["status"] == 201
    read = call("GET", f"/v1/contacts/{made['body']['id']}")["body"]
    assert (read["firstName"], read["metadata"]) == ("Ada \ufffd", {"k\ufffd": "\U0001f600"})
    assert read["tags"] == ["\ufffd"]


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("iso-8859-1", "latin-1"), ("utf-16le", "utf-16-le"), ("utf-8", "utf-8-sig")],
)
def test_a_body_is_decoded_by_its_declared_charset(
    deployed: Engine, charset: str, codec: str
) -> None:
    headers = {"content-type": f"application/json; charset={charset}"}
    raw = '{"firstName": "Zoë", "lastName": "Müller"}'.encode(codec)
    made = call("POST", "/v1/contacts", raw=raw, headers=headers)
    assert made["status"] == 201
    assert (made["body"]["firstName"], made["body"]["lastName"]) == ("Zoë", "Müller")


@pytest.mark.parametrize(
    ("charset", "status", "words"), [("klingon", 415, "klingon"), ("ascii", 422, "byte 17")]
)
def test_a_body_that_its_charset_cannot_decode_is_refused(
    deployed: Engine, charset: str, status: int, words: str
) -> None:
    headers = {"content-type": f"application/json; charset={charset}"}
    raw = '{"firstName": "Zoë"}'.encode()
    made = call("POST", "/v1/contacts", raw=raw, headers=headers)
    assert (made["status"], words in made["body"]["detail"]) == (status, True)


@pytest.mark.parametrize("raw", [b"", b"garbage", b"email=x"])
@pytest.mark.parametrize(
    "media_type", ["multipart/form-data; boundary=z", "application/x-www-form-urlencoded"]
)
def test_a_form_is_refused_and_changes_nothing(
    deployed: Engine, raw: bytes, media_type: str
) -> None:
    made = call("POST", "/v1/contacts", {"email": "a@example.com", "tags": ["vip"]})["body"]
    path = f"/v1/contacts/{made['id']}"
    assert call("PUT", path, raw=raw, headers={"content-type": media_type})["status"] == 415
    assert call("GET", path)["body"] == made


@pytest.mark.parametrize("strange", ["x" * 3_000, "con_\x00", "%20", "²"])
def test_a_malformed_id_is_not_found(deployed: Engine, strange: str) -> None:
    for method, path, body in (
        ("GET", f"/v1/contacts/{strange}", None),
        ("PUT", f"/v1/contacts/{strange}", {}),
        ("GET", f"/v1/templates/{strange}", None),
        ("GET", f"/v1/automations/{strange}", None),
        ("GET", f"/v1/runs/{strange}", None),
        ("GET", f"/v1/deliveries/{strange}", None),
        ("POST", f"/v1/runs/{strange}/cancel", {"reason": "x"}),
        ("DELETE", f"/v1/secrets/{strange}", None),
    ):
        assert call(method, path, body)["status"] == 404, (method, path[:40])


@pytest.mark.parametrize("query", ["sort=asc", "Status=FAILED", "status[]=FAILED"])
def test_an_unknown_parameter_is_refused_with_the_known_ones(deployed: Engine, query: str) -> None:
    answer = call("GET", "/v1/runs", query=query)
    assert (answer["status"], answer["body"]["field"]) == (422, query.split("=")[0])
    assert "automationId" in answer["body"]["detail"]


def test_a_filter_accepts_several_statuses(deployed: Engine) -> None:
    assert call("GET", "/v1/runs", query="status=FAILED,COMPLETED")["status"] == 200


@pytest.mark.parametrize("value", ["", "abc", "with\nbreak", "x" * 10_001])
def test_an_invalid_secret_value_is_refused(deployed: Engine, value: str) -> None:
    answer = call("PUT", "/v1/secrets/KEY", {"value": value})
    assert (answer["status"], answer["body"]["field"]) == (422, "value")


def test_a_consent_that_is_not_a_boolean_is_refused(deployed: Engine) -> None:
    answer = call(
        "POST", "/v1/contacts", {"email": "a@example.com", "consents": {"marketing": "yes"}}
    )
    assert (answer["status"], answer["body"]["field"]) == (422, "consents.marketing")


def test_numbers_in_metadata_are_stored_exactly(deployed: Engine) -> None:
    numbers = {"a": 1e200, "b": 1e-200, "c": 10**44 + 1, "d": 0.1, "e": [[[{}]]], "f": None}
    made = call("POST", "/v1/contacts", {"email": "a@example.com", "metadata": numbers})
    assert made["status"] == 201
    read = call("GET", f"/v1/contacts/{made['body']['id']}")
    assert read["body"]["metadata"] == numbers


def test_a_body_of_another_media_type_is_refused(deployed: Engine) -> None:
    answer = call("POST", "/v1/contacts", raw=b"a=1", headers={"content-type": "text/plain"})
    assert answer["status"] == 415


def test_only_members_and_higher_roles_see_the_webhook_address(deployed: Engine) -> None:
    from tests.functional.test_settle import WAITING

    automation_id = deployed.activate(WAITING)
    shown = {
        role: call("GET", f"/v1/automations/{automation_id}", role=role)["body"]["webhook"]
        for role in ("viewer", "member")
    }
    assert shown["viewer"] is None
    assert shown["member"]["path"].startswith("/v1/webhooks/in/")


def test_the_problems_of_a_malformed_graph_name_node_or_edge(deployed: Engine) -> None:
    broken = {"name": "Broken", "nodes": [{"id": "a b", "type": "END"}], "edges": [{}]}
    answer = call("POST", "/v1/automations", broken)
    assert answer["status"] == 422
    found = [(each.get("nodeId"), each.get("edge")) for each in answer["body"]["problems"]]
    assert found == [("a b", None), (None, 0), (None, 0)]


def test_an_incomplete_document_is_validated(deployed: Engine) -> None:
    document = {"name": "New", "nodes": [{"id": "done", "type": "END"}], "edges": []}
    answer = call("POST", "/v1/automations/validate", document, role="admin")
    assert answer["status"] == 200
    assert {each["code"] for each in answer["body"]["problems"]} >= {"NO_TRIGGER"}
    assert call("GET", "/v1/automations")["body"]["items"] == []
    assert call("POST", "/v1/automations/validate", document, role="member")["status"] == 403


def test_validation_answers_422_on_request(deployed: Engine) -> None:
    document = {"name": "New", "nodes": [{"id": "done", "type": "END"}], "edges": []}
    lenient = call("POST", "/v1/automations/validate", document, query="strict=false")
    strict = call("POST", "/v1/automations/validate", document, query="strict=true")
    assert (lenient["status"], strict["status"]) == (200, 422)
    codes = [{each["code"] for each in one["body"]["problems"]} for one in (lenient, strict)]
    assert codes[0] == codes[1] >= {"NO_TRIGGER"}
    document["nodes"] = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
        {"id": "done", "type": "END"},
    ]
    document["edges"] = [{"source": "start", "target": "done"}]
    made = call("POST", "/v1/automations", document)["body"]
    for path in ("/v1/automations/validate", f"/v1/automations/{made['id']}/validate"):
        assert call("POST", path, document, query="strict=true")["status"] == 200


def test_a_name_in_use_gives_a_warning(deployed: Engine) -> None:
    document = {
        "name": "Größe",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }
    first = call("POST", "/v1/automations", document)["body"]
    assert first["warnings"] == []
    again = {**document, "name": " gro\u0308ße "}
    asked = call("POST", "/v1/automations/validate", again)["body"]
    second = call("POST", "/v1/automations", again)["body"]
    for warnings in (asked["warnings"], second["warnings"]):
        [warning] = warnings
        assert (warning["code"], warning["field"]) == ("NAME_TAKEN", "name")
        assert first["id"] in warning["message"]
    renamed = call("PATCH", f"/v1/automations/{second['id']}", {"name": "Another"})["body"]
    assert renamed["warnings"] == []
    own = call("PUT", f"/v1/automations/{first['id']}", document)["body"]
    assert own["warnings"] == []


def test_health_needs_no_token(deployed: Engine) -> None:
    answer = call("GET", "/v1/health", role=None)
    assert (answer["status"], answer["body"]) == (200, {"status": "ok"})


def test_a_draft_saved_by_another_user_is_not_overwritten(deployed: Engine) -> None:
    document = {
        "name": "Mine",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }
    made = call("POST", "/v1/automations", document)["body"]
    path, query = f"/v1/automations/{made['id']}", f"revision={made['revision']}"
    theirs = call("PUT", path, {**document, "name": "Theirs"}, role="admin", query=query)
    assert theirs["body"]["revision"] == made["revision"] + 1
    refused = call("PUT", path, document, query=query)
    assert (refused["status"], refused["body"]["state"]) == (409, "CHANGED")
    assert "admin@example.com" in refused["body"]["detail"]
    assert call("GET", path)["body"]["name"] == "Theirs"
    assert call("PUT", path, document)["status"] == 200


def test_bad_query_parameters_are_named(deployed: Engine) -> None:
    for query, field in (
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("status=DONE", "status"),
        ("range=1y", "range"),
        ("order=asc", "order"),
        ("triggerType=CRON", "triggerType"),
    ):
        answer = call("GET", "/v1/runs", query=query)
        assert answer["status"] == 422, query
        assert answer["body"]["field"].startswith(field)
    damaged = call("GET", "/v1/runs", query="cursor=xyz")
    assert (damaged["status"], damaged["body"]["field"]) == (400, "cursor")


def test_node_types_have_their_schemas(deployed: Engine) -> None:
    items = call("GET", "/v1/node-types", role="viewer")["body"]["items"]
    assert [each["type"] for each in items] == list(NODE_TYPES)
    assert all(each["configSchema"] and each["description"] for each in items)


def test_source_presets_have_what_a_form_needs(deployed: Engine) -> None:
    items = call("GET", "/v1/source-presets", role="viewer")["body"]["items"]
    assert [each["preset"] for each in items] == list(Preset)
    for each in items:
        assert each["steps"] and each["samples"] and each["dedupe"], each["preset"]
        trigger = TriggerConfig.model_validate({"triggerType": "WEBHOOK", **each["example"]})
        assert trigger.intake is not None
        assert trigger.intake.preset == each["preset"]
    stripe = next(each for each in items if each["preset"] == "STRIPE")
    assert stripe["signs"] == {"body": True, "timestamp": True, "id": True}
    assert stripe["secret"]["name"] == "Signing secret"
    assert not next(each for each in items if each["preset"] == "SNS")["canSignSamples"]


def test_an_unknown_path_is_a_problem(deployed: Engine) -> None:
    answer = call("GET", "/v1/nothing")
    assert (answer["status"], answer["body"]["title"]) == (404, "Not found")


def test_every_function_has_a_sample_event() -> None:
    from tests.support.template import load_template

    resources = load_template()["Resources"]
    functions = {
        resource["Properties"]["CodeUri"].removeprefix("functions/")
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    # `function.kind.json` is another kind of event of that function.
    assert {path.name.partition(".")[0] for path in EVENTS.glob("*.json")} == functions


@pytest.mark.parametrize(
    ("headers", "source"),
    [
        ({}, "192.0.2.1"),
        ({"x-forwarded-for": "198.51.100.7, 203.0.113.9"}, "192.0.2.1"),
        ({"x-viewer-address": "198.51.100.7"}, "192.0.2.1"),
        ({"x-viewer-address": "198.51.100.7", "x-runledger-edge": "a guess"}, "192.0.2.1"),
        (
            {
                "x-forwarded-for": "198.51.100.7, 203.0.113.9",
                "x-viewer-address": "203.0.113.9",
                "x-runledger-edge": EDGE_KEY,
            },
            "203.0.113.9",
        ),
    ],
    ids=["direct", "forwarded", "unproven", "guessed", "distribution"],
)
def test_events_are_counted_by_a_trustworthy_address(
    deployed: Engine, headers: dict[str, str], source: str
) -> None:
    from functions.webhook_in.handler import handler
    from tests.functional.test_webhooks import hooked

    token = hooked(deployed, rateLimitPerMinute=1)
    event = sample("webhook_in")
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/v1/webhooks/in/{token}"
    event["requestContext"]["http"]["sourceIp"] = "192.0.2.1"
    event["headers"].update(headers)
    statuses = [handler(event, CONTEXT)["statusCode"] for _ in range(2)]
    assert statuses[-1] == 429
    [counted] = [row for row in deployed.rows() if "events" in row]
    assert source in counted["pk"] + counted["sk"]


def test_a_webhook_from_api_gateway_opens_one_run(deployed: Engine) -> None:
    from functions.webhook_in.handler import handler
    from tests.functional.test_webhooks import hooked

    token = hooked(deployed, dedupePath="orderId")
    event = sample("webhook_in")
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/v1/webhooks/in/{token}"
    first = handler(event, CONTEXT)
    again = handler(event, CONTEXT)
    assert (first["statusCode"], again["statusCode"]) == (202, 200)
    assert json.loads(first["body"])["runId"] == json.loads(again["body"])["runId"]
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/v1/webhooks/in/unknown"
    assert handler(event, CONTEXT)["statusCode"] == 404


class _Calls:
    """Notes the AWS calls of a client."""

    def __init__(self, client: Any) -> None:
        self.made: list[str] = []
        client.meta.events.register("before-call.*.*", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        self.made.append(model.name)


@pytest.mark.dynamodb
@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "x" * 30,
        "x" * 8_000,
        "a b",
        '"',
        "\\",
        "\x00",
        "é☃",
        "\ud800",
        "a/b",
        "..",
        "<token>",
    ],
)
def test_every_unknown_token_costs_one_read_and_gets_the_same_answer(
    deployed: Engine, token: str
) -> None:
    from functions.webhook_in.handler import handler
    from tests.functional.test_webhooks import hooked

    hooked(deployed)
    assert services().webhooks
    calls = _Calls(aws.client("dynamodb"))
    event = sample("webhook_in")
    path = f"/v1/webhooks/in/{token}"
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    answer = handler(event, CONTEXT)
    assert calls.made == ["GetItem"]
    assert {**answer, "body": json.loads(answer["body"])} == {
        "statusCode": 404,
        "headers": {
            "Content-Type": "application/problem+json",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
        "cookies": [],
        "isBase64Encoded": False,
        "body": {
            "type": "about:blank",
            "title": "Not found",
            "status": 404,
            "detail": "no automation has this webhook token; check the URL",
        },
    }


def test_only_the_automation_stores_the_token_in_plain_text(
    deployed: Engine,
) -> None:
    from tests.functional.test_webhooks import event as inbound
    from tests.functional.test_webhooks import hooked

    token = hooked(deployed)
    deployed.webhooks.receive(inbound(token, {}))
    rows = deployed.rows()
    holders = {row["sk"] for row in rows if token in json.dumps(row, default=str)}
    (automation_id,) = holders
    assert automation_id.startswith("aut_")


def test_activating_again_restores_the_lookup_row_of_the_token(
    deployed: Engine,
) -> None:
    from runledger.store import keys

    from tests.functional.test_webhooks import hooked

    token = hooked(deployed)
    target = deployed.stores.automations.by_webhook_token(token)
    assert target is not None
    deployed.table.delete(keys.webhook(token))
    path = f"/v1/automations/{target.automation_id}"
    for step in ("pause", "activate"):
        assert call("POST", f"{path}/{step}", None)["status"] == 200
    assert deployed.stores.automations.by_webhook_token(token) == target


def test_the_stream_starts_runs_and_the_walk_completes_them(deployed: Engine) -> None:
    from functions.close_runs.handler import handler as close_runs
    from functions.run_logic.handler import handler as run_logic
    from functions.start_runs.handler import handler as start_runs
    from functions.tick.handler import handler as tick

    services.cache_clear()
    from tests.functional.test_webhooks import event as inbound
    from tests.functional.test_webhooks import hooked

    # The handlers go by the real clock.
    deployed.clock.follow_the_machine()
    opened = deployed.webhooks.receive(inbound(hooked(deployed), {"a": 1})).run
    key = {"pk": {"S": f"RUN#{opened.id}"}, "sk": {"S": "RUN"}}
    row = deployed.table.get(keys.run(opened.id))
    assert row is not None
    batch = sample("start_runs")
    batch["Records"][0]["dynamodb"].update(Keys=key, NewImage=to_dynamo(row))
    assert start_runs(batch, CONTEXT) == {"batchItemFailures": []}

    visit = sample("run_logic")
    visit.update(runId=opened.id, execution=deployed.execution(opened.id))
    visit.update(operation="OWN", nodeId="start")
    assert run_logic(visit, CONTEXT)["nodeId"] == "start"
    assert tick(sample("tick"), CONTEXT) == {"due": 0}
    ended = sample("close_runs")
    ended["detail"].update(name=f"{opened.id}-7", executionArn=f"arn:x:{opened.id}-7")
    close_runs(ended, CONTEXT)
    visit.update(operation="COMPLETE", nodeId="done")
    run_logic(visit, CONTEXT)
    assert deployed.detail(opened.id)["status"] == "COMPLETED"
    services.cache_clear()


def test_log_lines_have_the_ids_of_their_own_invocation_only(
    deployed: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    from functions.run_logic.handler import handler as run_logic
    from tests.functional.test_webhooks import event as inbound
    from tests.functional.test_webhooks import hooked

    opened = deployed.webhooks.receive(inbound(hooked(deployed), {"a": "private"})).run
    visit = sample("run_logic")
    visit.update(runId=opened.id, execution=deployed.execution(opened.id))
    visit.update(operation="OWN", nodeId="start")
    caplog.clear()
    with caplog.at_level("INFO"):
        run_logic(visit, CONTEXT)
    lines = [logger.registered_handler.format(record) for record in caplog.records]

    (walked,) = [json.loads(line) for line in lines if '"walked"' in line]
    assert walked["workspaceId"] == "ws_demo"
    assert walked["automationId"] == opened.automation_id
    assert (walked["runId"], walked["nodeId"]) == (opened.id, "start")
    assert "private" not in "".join(lines)

    call("GET", "/v1/runs", query="limit=0")
    assert "runId" not in logger.get_current_keys()


def test_a_suppressed_address_is_listed_found_and_removed(deployed: Engine) -> None:
    body = {"address": "+49 170 1234567", "note": "asked to"}
    added = call("POST", "/v1/suppressions", body, role="admin")
    assert added["status"] == 201
    entry = added["body"]
    assert (entry["address"], entry["kind"], entry["reason"]) == (
        "+491701234567",
        "PHONE",
        "MANUAL",
    )
    assert (entry["note"], entry["createdBy"]) == ("asked to", "admin@example.com")
    assert call("POST", "/v1/suppressions", body, role="admin")["status"] == 200
    listed = call("GET", "/v1/suppressions", role="viewer")["body"]
    assert listed == {"items": [entry], "nextCursor": None}
    found = call("GET", "/v1/suppressions", query="address=+491701234567", role="viewer")
    assert found["body"] == listed
    pasted = call("GET", "/v1/suppressions", query="address= 491701234567", role="viewer")
    assert pasted["body"] == listed
    missing = call("GET", "/v1/suppressions", query="address=a@example.com", role="viewer")
    assert missing["body"] == {"items": [], "nextCursor": None}
    path = "/v1/suppressions/%2B491701234567"
    assert call("DELETE", path, role="admin")["status"] == 204
    assert call("DELETE", path, role="admin")["status"] == 404
    nobody = call("POST", "/v1/suppressions", {"address": "nobody"}, role="admin")
    assert nobody["status"] == 422
    assert "address" in json.dumps(nobody["body"])


def test_feedback_about_an_unknown_attempt_changes_nothing(deployed: Engine) -> None:
    from functions.delivery_feedback.handler import handler

    services.cache_clear()
    handler(sample("delivery_feedback"), CONTEXT)
    assert deployed.stores.suppressions.newest(deployed.workspace_id, 10, None) == ([], None)
    services.cache_clear()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/runs/run_1", "GET"),
        ("DELETE", "/v1/runs", "GET"),
        ("PATCH", "/v1/members/user-1", "DELETE, PUT"),
        ("GET", "/v1/members/user-1", "DELETE, PUT"),
        ("HEAD", "/v1/templates", "GET, POST"),
        ("DELETE", "/v1/openapi.json", "GET"),
        ("DELETE", "/v1/runs/cancel", "POST"),
        ("PUT", "/v1/runs/cancel/bcn_1", "GET"),
    ],
)
@pytest.mark.parametrize("query", ["", "limit=50"])
def test_a_wrong_method_is_refused_with_the_allowed_ones(
    deployed: Engine, method: str, path: str, allowed: str, query: str
) -> None:
    answer = call(method, path, query=query)
    assert answer["status"] == 405
    assert answer["headers"]["Allow"] == allowed
    assert answer["body"]["title"] == "Method not allowed"


def test_an_unknown_path_is_not_found_by_any_method(deployed: Engine) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        assert call(method, "/v1/nothing/here")["status"] == 404, method
        assert call(method, "/v1/nothing/here", query="a=b")["status"] == 404, method


def test_the_webhook_address_accepts_only_post(deployed: Engine) -> None:
    from functions.webhook_in.handler import handler

    for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        event = sample("webhook_in")
        event["requestContext"]["http"]["method"] = method
        answer = handler(event, CONTEXT)
        assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "POST"), method


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/v1/runs/cancel", {"filter": {}, "reason": "x", "dryRun": 0}, "dryRun"),
        ("POST", "/v1/runs/cancel", {"filter": {}, "reason": "x", "dryRun": "false"}, "dryRun"),
        ("POST", "/v1/deliveries/dlv_1/resend", {"force": 1}, "force"),
        ("PUT", "/v1/settings", {"name": "x", "retentionDays": "30"}, "retentionDays"),
        ("PUT", "/v1/settings", {"name": "x", "retentionDays": True}, "retentionDays"),
        (
            "PUT",
            "/v1/settings",
            {"name": "x", "retentionDays": 30, "requireMfa": 0},
            "requireMfa",
        ),
        ("POST", "/v1/automations/aut_1/rotate-secret", {"overlapMinutes": "5"}, "overlapMinutes"),
        ("PATCH", "/v1/templates/tpl_1", {"revision": "1"}, "revision"),
        (
            "POST",
            "/v1/automations",
            {"name": "x", "layout": {"a": {"x": "1", "y": True}}},
            "layout.a.x",
        ),
        (
            "POST",
            "/v1/segments",
            {"name": "x", "rules": [{"kind": "METADATA", "key": "a", "value": "0" * 1_001}]},
            "rules.0.value",
        ),
    ],
)
def test_values_of_the_wrong_type_are_refused(
    deployed: Engine, method: str, path: str, body: Any, field: str
) -> None:
    answer = call(method, path, body)
    assert answer["status"] == 422
    assert answer["body"]["field"].startswith(field)


def test_a_whole_number_may_have_a_decimal_point(deployed: Engine) -> None:
    answer = call("PUT", "/v1/settings", raw=b'{"name": "x", "retentionDays": 30.0}')
    assert answer["body"]["retentionDays"] == 30
