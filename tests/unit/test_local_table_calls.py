"""The patch `table_calls` of the emulator answers the most frequent kind of calls to DynamoDB by a
short way through the emulator. The short way gives the same answers as the emulator without the
patch. All other calls go the emulator's own way."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack import app as emulator
from ministack.services import dynamodb, iam, sts

from local.patches import table_calls

ACCOUNT = "000000000000"
REGION = "us-east-1"
KEY, SECRET, TOKEN = "ASIATABLE", "secret", "token"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/rows"
POLICY = {"Effect": "Allow", "Action": "dynamodb:*Item", "Resource": TABLE_ARN}
ROW = {"pk": {"S": "A"}, "sk": {"S": "1"}, "note": {"S": "é"}}
_KEYS = {"pk": ROW["pk"], "sk": ROW["sk"]}

Answer = tuple[int, dict[str, str], Any]
# Of each request or moment.
_OWN_HEADERS = ("x-amzn-requestid", "x-amz-request-id", "x-amz-id-2", "date")
# What the emulator tells browsers; local/patches/plain_requests.py leaves it out.
_CORS = "access-control-"


@pytest.fixture(autouse=True)
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A table with one row, and a role that may read and write it."""
    monkeypatch.setattr(emulator, "AUTH", True)
    monkeypatch.setattr(emulator, "_reset_lock", None)
    made = {"InlinePolicies": {"own": _policy(POLICY)}, "AttachedPolicies": [], "Tags": []}
    iam._roles["table-caller"] = made
    sts._sessions[KEY] = {
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/table-caller/one",
        "SecretAccessKey": SECRET,
        "SessionToken": TOKEN,
    }
    dynamodb._create_table(
        {
            "TableName": "rows",
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            "BillingMode": "PAY_PER_REQUEST",
        }
    )
    dynamodb._put_item({"TableName": "rows", "Item": ROW})
    yield made
    dynamodb._delete_table({"TableName": "rows"})
    del iam._roles["table-caller"]
    del sts._sessions[KEY]


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Call:
    """A signed call. A test may spoil it after it was signed."""

    def __init__(self, operation: str, request: Any, secret: str = SECRET) -> None:
        self.body = request if isinstance(request, bytes) else json.dumps(request).encode()
        signed = AWSRequest(
            "POST",
            "http://127.0.0.1:4599/",
            headers={
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
                "Content-Type": "application/x-amz-json-1.0",
            },
            data=self.body,
        )
        SigV4Auth(Credentials(KEY, secret, TOKEN), "dynamodb", REGION).add_auth(signed)
        self.headers = {name.lower(): value for name, value in signed.headers.items()}
        self.headers |= {"host": "127.0.0.1:4599", "content-length": str(len(self.body))}
        self.query = b""
        self.parts = [self.body]

    def scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "method": "POST",
            "path": "/",
            "raw_path": b"/",
            "query_string": self.query,
            "scheme": "http",
            "client": ("127.0.0.1", 5),
            "headers": [(name.encode(), value.encode()) for name, value in self.headers.items()],
        }

    def answer(self, app: Any) -> Answer:
        parts = list(self.parts)
        head: dict[str, Any] = {}
        content = bytearray()

        async def receive() -> dict[str, Any]:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                head.update(message)
            content.extend(message.get("body", b""))

        asyncio.run(app(self.scope(), receive, send))
        headers = {name.decode().lower(): value.decode() for name, value in head["headers"]}
        kept = {
            name: value
            for name, value in headers.items()
            if name not in _OWN_HEADERS and not name.startswith(_CORS)
        }
        return head["status"], kept, json.loads(content)


class Ways:
    """Answers a call by the short way of the patch, and by the emulator's own way. `passed_on` says
    whether the patch passed the call on to the emulator."""

    def __init__(self) -> None:
        self.passed_on = False

    async def _emulator(self, *channels: Any) -> None:
        self.passed_on = True
        await emulator.app(*channels)

    def answers(self, call: Call) -> tuple[Answer, Answer]:
        self.passed_on = False
        short = call.answer(table_calls.with_table_calls(self._emulator))
        return short, call.answer(emulator.app)


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "get": ("GetItem", {"TableName": "rows", "Key": _KEYS}),
    "get nothing": ("GetItem", {"TableName": "rows", "Key": {**_KEYS, "sk": {"S": "2"}}}),
    "put": ("PutItem", {"TableName": "rows", "Item": ROW}),
    "refused condition": (
        "PutItem",
        {"TableName": "rows", "Item": ROW, "ConditionExpression": "attribute_not_exists(pk)"},
    ),
    "invalid": ("PutItem", {"TableName": "rows", "Item": {"pk": {"S": "A"}}}),
    "update": (
        "UpdateItem",
        {
            "TableName": "rows",
            "Key": _KEYS,
            "UpdateExpression": "SET #a = :a",
            "ExpressionAttributeNames": {"#a": "note"},
            "ExpressionAttributeValues": {":a": {"S": "two"}},
            "ReturnValues": "ALL_NEW",
        },
    ),
    "batch": ("BatchGetItem", {"RequestItems": {"rows": {"Keys": [_KEYS]}}}),
    "transaction": (
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "rows", "Item": ROW}}]},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_usual_call_has_the_same_answer(name: str) -> None:
    ways = Ways()
    short, long = ways.answers(Call(*CALLS[name]))
    assert short == long
    assert not ways.passed_on


def test_an_operation_that_no_policy_allows_is_refused_by_the_emulator() -> None:
    ways = Ways()
    query = {
        "TableName": "rows",
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": "pk"},
        "ExpressionAttributeValues": {":pk": ROW["pk"]},
    }
    short, long = ways.answers(Call("Query", query))
    assert short == long
    assert (short[0], ways.passed_on) == (403, True)
    assert "AccessDenied" in short[2]["__type"]


def test_a_taken_permission_is_refused_with_the_next_call(role: dict[str, Any]) -> None:
    ways = Ways()
    assert ways.answers(Call(*CALLS["get"]))[0][0] == 200
    role["InlinePolicies"]["own"] = _policy({**POLICY, "Action": "dynamodb:PutItem"})
    short, long = ways.answers(Call(*CALLS["get"]))
    assert short == long
    assert short[0] == 403
    assert ways.answers(Call(*CALLS["put"]))[0][0] == 200


def test_each_part_of_a_transaction_needs_its_permission(role: dict[str, Any]) -> None:
    role["InlinePolicies"]["own"] = _policy({**POLICY, "Action": "dynamodb:PutItem"})
    parts = [{"Delete": {"TableName": "rows", "Key": {**_KEYS, "sk": {"S": "9"}}}}]
    items = [*CALLS["transaction"][1]["TransactItems"], *parts]
    ways = Ways()
    short, long = ways.answers(Call("TransactWriteItems", {"TransactItems": items}))
    assert short == long
    assert (short[0], ways.passed_on) == (403, True)


def test_each_table_of_a_batch_needs_its_permission() -> None:
    request = {"RequestItems": {"rows": {"Keys": [_KEYS]}, "others": {"Keys": [_KEYS]}}}
    ways = Ways()
    short, long = ways.answers(Call("BatchGetItem", request))
    assert short == long
    assert (short[0], ways.passed_on) == (403, True)


def test_a_condition_on_partitions_is_evaluated_for_each_call(role: dict[str, Any]) -> None:
    seen = {"StringEquals": {"dynamodb:Select": "ALL_ATTRIBUTES"}}
    role["InlinePolicies"]["own"] = _policy({**POLICY, "Condition": seen})
    assert Ways().answers(Call(*CALLS["get"]))[0][0] == 200
    other = {**CALLS["get"][1], "Select": "COUNT"}
    short, long = Ways().answers(Call("GetItem", other))
    assert short == long
    assert short[0] == 403


def _with_another_body(call: Call) -> None:
    call.body = call.body.replace(b'"A"', b'"B"')
    call.parts = [call.body]


def _with_another_signature(call: Call) -> None:
    text = call.headers["authorization"]
    call.headers["authorization"] = text[:-1] + ("0" if text[-1] != "0" else "1")


def _with_another_token(call: Call) -> None:
    call.headers["x-amz-security-token"] = "other"


def _with_an_old_date(call: Call) -> None:
    old = datetime.now(UTC) - timedelta(hours=1)
    call.headers["x-amz-date"] = old.strftime("%Y%m%dT%H%M%SZ")


def _with_another_target(call: Call) -> None:
    call.headers["x-amz-target"] = "DynamoDB_20120810.DeleteItem"


SPOILED = (
    _with_another_body,
    _with_another_signature,
    _with_another_token,
    _with_an_old_date,
    _with_another_target,
)


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_changed_call_is_refused_by_the_emulator(spoil: Any) -> None:
    call = Call(*CALLS["get"])
    spoil(call)
    ways = Ways()
    short, long = ways.answers(call)
    assert short == long
    assert ways.passed_on
    assert short[0] >= 400


def test_a_call_with_another_secret_is_refused_by_the_emulator() -> None:
    ways = Ways()
    short, long = ways.answers(Call(*CALLS["get"], secret="guessed"))
    assert short == long
    assert (short[0], ways.passed_on) == (400, True)


def test_a_session_that_has_ended_is_refused_by_the_emulator() -> None:
    sts._sessions[KEY]["Expiration"] = 1.0
    ways = Ways()
    short, long = ways.answers(Call(*CALLS["get"]))
    assert short == long
    assert (short[0], ways.passed_on) == (400, True)


def _in_two_parts(call: Call) -> None:
    call.parts = [call.body[:5], call.body[5:]]


def _from_a_browser(call: Call) -> None:
    call.headers["origin"] = "http://127.0.0.1:8080"


def _to_another_host(call: Call) -> None:
    call.headers["host"] = "localhost:4599"


def _with_a_query(call: Call) -> None:
    call.query = b"x=1"


UNUSUAL = (_in_two_parts, _from_a_browser, _to_another_host, _with_a_query)


@pytest.mark.parametrize("change", UNUSUAL)
def test_an_unusual_call_goes_the_emulators_way(change: Any) -> None:
    call = Call(*CALLS["get"])
    change(call)
    ways = Ways()
    short, long = ways.answers(call)
    assert short == long
    assert ways.passed_on


def test_another_operation_goes_the_emulators_way() -> None:
    ways = Ways()
    short, long = ways.answers(Call("ListTables", {}))
    assert short == long
    assert ways.passed_on


def test_a_root_key_goes_the_emulators_way() -> None:
    call = Call(*CALLS["get"])
    for name in ("authorization", "x-amz-security-token"):
        call.headers[name] = call.headers[name].replace(KEY, "test")
    ways = Ways()
    ways.answers(call)
    assert ways.passed_on
