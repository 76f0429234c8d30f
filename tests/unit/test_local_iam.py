"""With the patch that makes decisions about permissions faster, the local emulator decides the same
as without it, also after a policy was changed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.core import iam_evaluator, router
from ministack.core.iam_evaluator import EvalContext
from ministack.services import iam, sts

from local.patches import iam_decisions

ACCOUNT = "000000000000"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/runs"
KEY = "ASIATEST"
READS = {"Effect": "Allow", "Action": ["dynamodb:Get*", "dynamodb:Query"], "Resource": TABLE}
_emulators_evaluate = iam_evaluator.evaluate
_emulators_principal_keys = iam_evaluator._principal_keys
_emulators_parse = iam_evaluator.parse_policy_document


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Applies the patch, and yields a role that has a session."""
    parse = iam_decisions._once(iam_evaluator.parse_policy_document)
    monkeypatch.setattr(iam_evaluator, "parse_policy_document", parse)
    monkeypatch.setattr(iam_evaluator, "evaluate", iam_decisions.evaluate)
    made = {"InlinePolicies": {"reads": _document(READS)}, "AttachedPolicies": [], "Tags": []}
    iam._roles["reader"] = made
    sts._sessions[KEY] = {
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/one",
        "AccountId": ACCOUNT,
        "SecretAccessKey": "secret",
    }
    yield made
    del iam._roles["reader"]
    del sts._sessions[KEY]


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def decision(action: str = "dynamodb:GetItem", context: dict[str, Any] | None = None) -> str:
    """Returns what the emulator decides on a request of the session."""
    denied = iam_evaluator.enforce(
        KEY, action, "dynamodb", "us-east-1", resource_arn=TABLE, service_context=context
    )
    return "Allow" if denied is None else str(denied.decision)


def test_a_taken_permission_is_refused_at_once(role: dict[str, Any]) -> None:
    assert decision() == "Allow"
    role["InlinePolicies"]["reads"] = _document({**READS, "Action": "dynamodb:Query"})
    assert decision() == "ImplicitDeny"
    role["InlinePolicies"]["reads"] = _document(READS)
    assert decision() == "Allow"
    del role["InlinePolicies"]["reads"]
    assert decision() == "ImplicitDeny"


def test_an_added_refusal_wins_at_once(role: dict[str, Any]) -> None:
    assert decision() == "Allow"
    role["InlinePolicies"]["no"] = _document({"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert decision() == "Deny"


def test_a_new_version_of_a_managed_policy_counts_at_once(role: dict[str, Any]) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/reads"
    versions = {"v1": {"Document": _document(READS)}, "v2": {"Document": _document()}}
    iam._policies[arn] = {"DefaultVersionId": "v1", "Versions": versions}
    role.update(InlinePolicies={}, AttachedPolicies=[arn])
    try:
        assert decision() == "Allow"
        iam._policies[arn]["DefaultVersionId"] = "v2"
        assert decision() == "ImplicitDeny"
    finally:
        del iam._policies[arn]


def test_a_new_boundary_limits_at_once(role: dict[str, Any]) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    queries = _document({**READS, "Action": "dynamodb:Query"})
    iam._policies[arn] = {"Versions": {"v1": {"Document": queries}}}
    try:
        assert decision() == "Allow"
        role["PermissionsBoundary"] = arn
        assert decision() == "ImplicitDeny"
        assert decision("dynamodb:Query") == "Allow"
    finally:
        del iam._policies[arn]


def test_conditions_are_evaluated_for_each_request(role: dict[str, Any]) -> None:
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["WS#a*"]}}
    role["InlinePolicies"]["reads"] = _document({**READS, "Condition": condition})
    assert decision(context={"dynamodb:LeadingKeys": ["WS#a"]}) == "Allow"
    assert decision(context={"dynamodb:LeadingKeys": ["WS#b"]}) == "ImplicitDeny"
    assert decision(context={"dynamodb:LeadingKeys": ["WS#a", "WS#b"]}) == "ImplicitDeny"


def test_the_caller_is_the_one_that_the_emulator_finds(role: dict[str, Any]) -> None:
    for key in (KEY, "test", "AKIAUNKNOWN", ""):
        headers = {"authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/s/x"}
        assert iam_decisions.caller_arn(headers) == iam_evaluator.request_caller_arn(headers)
    assert iam_decisions.caller_arn({}) == iam_evaluator.request_caller_arn({})


def test_what_describes_the_caller_is_found_for_a_condition(
    role: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def find(credential: Any) -> dict[str, Any]:
        found.append(credential)
        keys: dict[str, Any] = _emulators_principal_keys(credential)
        return keys

    monkeypatch.setattr(iam_evaluator, "_principal_keys", iam_decisions._on_demand(find))
    assert decision() == "Allow"
    assert not found
    condition = {"StringEquals": {"aws:PrincipalTag/Team": "one"}}
    role["InlinePolicies"]["reads"] = _document({**READS, "Condition": condition})
    assert decision() == "ImplicitDeny"
    role["Tags"] = [{"Key": "Team", "Value": "one"}]
    assert decision() == "Allow"
    role["Tags"] = [{"Key": "Team", "Value": "two"}]
    assert decision() == "ImplicitDeny"


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        ("AWS4-HMAC-SHA256 Credential=AKIAONE/20260101/us-east-1/s3/aws4_request", {}),
        ("AWS4-HMAC-SHA256 Credential=AKIAONE/x", {"X-Amz-Credential": ["AKIATWO/x"]}),
        ("AWS4-HMAC-SHA256 Signature=1", {"X-Amz-Credential": ["AKIATWO/x"]}),
        ("AWS AKIAONE:signature", {}),
        ("Bearer token", {"AWSAccessKeyId": ["AKIATWO"]}),
        ("", {}),
    ],
)
def test_a_request_is_made_with_the_key_that_the_emulator_finds(
    authorization: str, query: dict[str, list[str]]
) -> None:
    extract = iam_decisions._signed_once(router.extract_access_key_id)
    headers = {"authorization": authorization} if authorization else {}
    for _ in range(2):
        assert extract(headers, query) == router.extract_access_key_id(headers, query)


_words = st.sampled_from(["*", "s3:Get*", "s3:GetObject", "s3:PutObject", "S3:getobject", "x:?"])
_resources = st.sampled_from(["*", "a", "a*", "b/?", "B/1"])
_statements = st.builds(
    lambda effect, actions, resources, is_not, condition: {
        "Effect": effect,
        "Sid": f"{actions}{resources}",
        ("NotAction" if is_not else "Action"): actions,
        ("NotResource" if is_not else "Resource"): resources,
        **({"Condition": {"StringEquals": {"x:Key": condition}}} if condition else {}),
    },
    st.sampled_from(["Allow", "Deny"]),
    st.lists(_words, max_size=2),
    st.lists(_resources, max_size=2),
    st.booleans(),
    st.sampled_from(["", "one", "two"]),
)
_layers = st.lists(st.lists(_statements, max_size=3).map(lambda some: _document(*some)), max_size=3)


@given(
    layers=st.lists(_layers, min_size=1, max_size=3),
    action=st.sampled_from(["s3:GetObject", "s3:PutObject", "x:y"]),
    resource=st.sampled_from(["a", "ab", "b/1", "B/1"]),
    key=st.sampled_from([None, "one", "two"]),
)
def test_decisions_are_those_of_the_emulator(
    layers: list[list[str]], action: str, resource: str, key: str | None
) -> None:
    context = EvalContext(
        principal_arn="arn:aws:iam::0:role/x",
        principal_type="AssumedRole",
        principal_account="0",
        action=action,
        resource_arn=resource,
        region="us-east-1",
        service_context={"x:key": key} if key else {},
    )
    parse = iam_decisions._once(_emulators_parse)
    expected = _emulators_evaluate(context, *([_emulators_parse(d) for d in ds] for ds in layers))
    kept = [[parse(document) for document in documents] for documents in layers]
    assert iam_decisions.evaluate(context, *kept) == expected
    # The statements are found already, and this request fulfills no condition.
    other = replace(context, service_context={})
    expected = _emulators_evaluate(other, *([_emulators_parse(d) for d in ds] for ds in layers))
    assert iam_decisions.evaluate(other, *kept) == expected
