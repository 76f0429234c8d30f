"""The local stack filters a function's stream records as AWS does."""

from typing import Any

import pytest

from local.patches.lambda_streams import matches

INSERTED = {
    "eventName": "INSERT",
    "dynamodb": {
        "Keys": {"pk": {"S": "RUN#1"}, "sk": {"S": "RUN"}},
        "NewImage": {"status": {"S": "PENDING"}, "test": {"BOOL": True}},
    },
}


def image(**attributes: Any) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": attributes}}


@pytest.mark.parametrize(
    "pattern",
    [
        {"eventName": ["INSERT", "MODIFY"], **image(status={"S": ["PENDING"]})},
        {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "RUN#"}]}, "sk": {"S": ["RUN"]}}}},
        {"dynamodb": {"OldImage": {"status": {"S": [{"exists": False}]}}}},
        {"$or": [{"eventName": ["REMOVE"]}, image(status={"S": ["PENDING"]})]},
        image(test={"BOOL": [True]}),
        image(status={"S": [{"anything-but": ["RUNNING"]}]}),
    ],
)
def test_a_matching_record_passes(pattern: dict[str, Any]) -> None:
    assert matches(INSERTED, pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        {"eventName": ["MODIFY"]},
        image(status={"S": ["RUNNING"]}),
        image(status={"S": [{"exists": False}]}),
        image(test={"BOOL": [False]}),
        image(dueAt={"N": [{"anything-but": ["1"]}]}),
        {"$or": [{"eventName": ["REMOVE"]}, image(status={"S": ["RUNNING"]})]},
    ],
)
def test_other_records_do_not_pass(pattern: dict[str, Any]) -> None:
    assert not matches(INSERTED, pattern)
