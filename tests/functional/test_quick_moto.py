"""The faster moto gives the same answers as the original moto."""

from typing import Any

import pytest

from tests.support import quick_moto
from tests.support.engine import Engine
from tests.support.environment import TABLE

KEY: dict[str, Any] = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ITEM: dict[str, Any] = {
    **KEY,
    "empty": {"S": ""},
    "number": {"N": "-12.50"},
    "bytes": {"B": b"\x00\xff"},
    "list": {"L": [{"S": "a"}, {"N": "1"}, {"NULL": True}, {"BOOL": False}, {"L": []}]},
    "map": {"M": {"none": {"M": {}}, "texts": {"SS": ["a", "b"]}}},
    "numbers": {"NS": ["1", "2"]},
    "binaries": {"BS": [b"1"]},
}


def answers(engine: Engine) -> list[Any]:
    dynamodb = engine.dynamodb
    dynamodb.put_item(TableName=TABLE, Item=ITEM)
    update = {
        "TableName": TABLE,
        "Key": KEY,
        "UpdateExpression": "SET #name = :value",
        "ExpressionAttributeNames": {"#name": "new"},
        "ExpressionAttributeValues": {":value": {"S": "1"}},
        "ReturnValues": "ALL_NEW",
    }
    return [
        dynamodb.get_item(TableName=TABLE, Key=KEY)["Item"],
        dynamodb.get_item(TableName=TABLE, Key={**KEY, "sk": {"S": "none"}}).get("Item"),
        dynamodb.scan(TableName=TABLE)["Items"],
        dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": [KEY]}})["Responses"],
        dynamodb.update_item(**update)["Attributes"],
    ]


@pytest.mark.dynamodb
def test_quick_moto_gives_the_same_answers(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = answers(engine)
    assert quick[0] == ITEM
    monkeypatch.setattr(quick_moto.Serializer, "_serialize_type_structure", quick_moto.as_moto_does)
    assert answers(engine) == quick
