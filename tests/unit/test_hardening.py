"""How the template protects stored data, and restricts access by policies and the owner's web
ACL."""

import json
from typing import Any

import pytest

from local.expand_template import expanded_template
from local.patches.request_conditions import partitions
from local.settings import ROOT

RESOURCES = expanded_template()["Resources"]
# AWS refuses a statement without a principal in a policy of a resource, so these are all.
POLICIES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: each.get("Properties", {}) for name, each in RESOURCES.items() if each["Type"] == kind
    }


def statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = properties["PolicyDocument"]["Statement"]
    return found


@pytest.mark.parametrize("bucket", sorted(of_type("AWS::S3::Bucket")))
def test_a_bucket_refuses_requests_without_tls(bucket: str) -> None:
    refusals = [
        statement
        for policy in of_type("AWS::S3::BucketPolicy").values()
        if policy["Bucket"] == {"Ref": bucket}
        for statement in statements(policy)
        if statement["Effect"] == "Deny"
    ]
    [refusal] = refusals
    assert (refusal["Principal"], refusal["Action"]) == ("*", "s3:*")
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    # The bucket itself, and everything in it.
    arn = [bucket, "Arn"]
    assert refusal["Resource"] == [
        {"Fn::GetAtt": arn},
        {"Fn::Sub": f"${{{bucket}.Arn}}/*"},
    ]


@pytest.mark.parametrize("bucket", sorted(of_type("AWS::S3::Bucket")))
def test_a_bucket_is_private_and_encrypted(bucket: str) -> None:
    properties = of_type("AWS::S3::Bucket")[bucket]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert "ServerSideEncryptionConfiguration" in properties["BucketEncryption"]
    assert properties["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }


@pytest.mark.parametrize("table", sorted(of_type("AWS::DynamoDB::Table")))
def test_a_table_can_be_restored_and_is_not_deleted_by_accident(table: str) -> None:
    properties = of_type("AWS::DynamoDB::Table")[table]
    assert properties["DeletionProtectionEnabled"] is True
    recovery = properties["PointInTimeRecoverySpecification"]
    assert recovery["PointInTimeRecoveryEnabled"] is True
    assert RESOURCES[table]["DeletionPolicy"] == "Retain"
    assert RESOURCES[table]["UpdateReplacePolicy"] == "Retain"


def test_no_key_of_kms_is_used_unless_the_owner_names_one() -> None:
    """If a key is named, each request to KMS costs a charge. The same is true if `SSEEnabled` is
    set without a key."""
    named: list[str] = []

    def visit(value: Any, condition: str | None) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                if key == "Fn::If":
                    visit(each[1], each[0])
                    visit(each[2], condition)
                    continue
                if key in ("SSEEnabled", "KMSMasterKeyId", "KMSMasterKeyID", "KmsMasterKeyId",
                           "KmsKeyId", "KmsKeyArn"):  # fmt: skip
                    assert condition == "HasDataKey", key
                    named.append(key)
                visit(each, condition)
        elif isinstance(value, list):
            for each in value:
                visit(each, condition)

    visit(RESOURCES, None)
    assert sorted(named) == ["KMSMasterKeyID", "KMSMasterKeyId", "SSEEnabled"]


@pytest.mark.parametrize("queue", sorted(of_type("AWS::SQS::Queue")))
def test_only_the_stacks_own_rules_may_write_to_a_queue(queue: str) -> None:
    senders = {
        name
        for name, rule in of_type("AWS::Events::Rule").items()
        for target in rule["Targets"]
        if queue
        in (owner_of(target["Arn"]), owner_of(target.get("DeadLetterConfig", {}).get("Arn")))
    }
    allowed = [
        statement
        for policy in of_type("AWS::SQS::QueuePolicy").values()
        if policy["Queues"] == [{"Ref": queue}]
        for statement in statements(policy)
    ]
    topics = {
        subscription["TopicArn"]["Ref"]
        for subscription in of_type("AWS::SNS::Subscription").values()
        if queue == owner_of(subscription.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
    }
    found: dict[str, set[str | None]] = {}
    for statement in allowed:
        assert statement["Action"] == "sqs:SendMessage"
        assert statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
        arns = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        owners = {owner_of(arn) for arn in (arns if isinstance(arns, list) else [arns])}
        found[statement["Principal"]["Service"]] = owners
    services = {"events.amazonaws.com": senders, "sns.amazonaws.com": topics}
    assert found == {service: each for service, each in services.items() if each}


def owner_of(arn: Any) -> str | None:
    if not isinstance(arn, dict):
        return None
    return arn["Fn::GetAtt"][0] if "Fn::GetAtt" in arn else arn.get("Ref")


def test_only_end_user_messaging_of_this_account_publishes_inbound_sms() -> None:
    (statement,) = RESOURCES["InboundSmsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "sms-voice.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }
    (subscription,) = (
        each
        for each in of_type("AWS::SNS::Subscription").values()
        if each["TopicArn"] == {"Ref": "InboundSms"}
    )
    assert subscription["Endpoint"] == {"Ref": "DeliveryFeedbackAliaslive"}
    (permission,) = (
        each
        for each in of_type("AWS::Lambda::Permission").values()
        if each["Principal"] == "sns.amazonaws.com"
    )
    assert permission["SourceArn"] == {"Ref": "InboundSms"}


def test_no_policy_of_a_resource_allows_everybody() -> None:
    found = 0
    for kind in POLICIES:
        for name, policy in of_type(kind).items():
            for statement in statements(policy):
                found += 1
                if statement["Effect"] == "Allow":
                    assert statement["Principal"] not in ("*", {"AWS": "*"}), name
                    assert "Condition" in statement, name
    assert found >= 6


def test_the_distribution_takes_the_owners_web_acl() -> None:
    config = of_type("AWS::CloudFront::Distribution")["Distribution"]["DistributionConfig"]
    nothing = {"Ref": "AWS::NoValue"}
    assert config["WebACLId"] == {"Fn::If": ["HasWebAcl", {"Ref": "WebAclArn"}, nothing]}


# ── The local stack knows what these policies ask ───────────────────────────────────────────────
@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({"Key": {"pk": {"S": "RUN#1"}, "sk": {"S": "RUN"}}}, ["RUN#1"]),
        ({"Item": {"pk": {"S": "TOTALS#1"}, "sk": {"S": "x"}}}, ["TOTALS#1"]),
        (
            {"RequestItems": {"table": {"Keys": [{"pk": {"S": "a"}}, {"pk": {"S": "b"}}]}}},
            ["a", "b"],
        ),
        (
            {
                "RequestItems": {
                    "table": [
                        {"PutRequest": {"Item": {"pk": {"S": "a"}}}},
                        {"DeleteRequest": {"Key": {"pk": {"S": "b"}}}},
                    ]
                }
            },
            ["a", "b"],
        ),
        (
            {
                "KeyConditionExpression": "#pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "AUTOMATION#1"}},
            },
            ["AUTOMATION#1"],
        ),
        (
            {
                "IndexName": "gsi1",
                "KeyConditionExpression": "#pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": "x"}},
            },
            [],
        ),
        ({"TableName": "table"}, []),
    ],
    ids=lambda each: json.dumps(each)[:40],
)
def test_the_partitions_of_a_request(request_: dict[str, Any], found: list[str]) -> None:
    assert list(partitions(request_)) == found


# ── Checks that are left out ────────────────────────────────────────────────────────────────────
def test_each_check_that_is_left_out_has_its_reason_beside_it() -> None:
    lines = (ROOT / ".checkov.yaml").read_text().splitlines()
    skipped = [at for at, line in enumerate(lines) if line.strip().startswith("- CKV")]
    assert len(skipped) >= 5
    explained = False
    for at in range(skipped[0] - 1, skipped[-1] + 1):
        explained = explained or lines[at].strip().startswith("#")
        if at not in skipped:
            explained = lines[at].strip().startswith("#")
        assert explained, lines[at]
    of_resources = [
        each
        for resource in RESOURCES.values()
        for each in resource.get("Metadata", {}).get("checkov", {}).get("skip", ())
    ]
    assert of_resources
    for each in of_resources:
        assert each["id"].startswith("CKV") and len(each["comment"]) > 30, each
