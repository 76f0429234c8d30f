"""On one machine a row that expired is told to the stream as on AWS, and no other."""

import threading
from typing import Any

import pytest
from ministack.services import dynamodb

from local.patches import expiry

NAME = "expiring"
ARN = f"arn:aws:dynamodb:us-east-1:123456789012:table/{NAME}"


def removed(thread_name: str) -> list[dict[str, Any]]:
    """The records of the stream after such a thread removed the table's one row."""
    row = {"pk": {"S": "RUN#1"}, "sk": {"S": "RUN"}, "ttl": {"N": "1"}}
    table = {
        "TableName": NAME,
        "TableArn": ARN,
        "pk_name": "pk",
        "sk_name": "sk",
        "items": {"RUN#1": {"RUN": row}},
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }
    found: list[dict[str, Any]] = []

    def remove() -> None:
        expiry.lambda_svc._request_account_id.set("123456789012")
        expiry.lambda_svc._request_region.set("us-east-1")
        dynamodb._tables[NAME] = table
        try:
            assert dynamodb._remove_item(table, "RUN#1", "RUN") == row
            found.extend(dynamodb._stream_records.get(NAME, []))
        finally:
            dynamodb._tables.pop(NAME)
            dynamodb._stream_records.pop(NAME, None)

    thread = threading.Thread(target=remove, name=thread_name)
    thread.start()
    thread.join()
    assert table["items"] == {}
    return found


@pytest.fixture(autouse=True)
def _patched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_build_change_record", "_remove_item"):
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
    expiry.apply()


def test_what_the_reaper_deletes_is_told_as_its_doing() -> None:
    (record,) = removed("dynamodb-ttl-reaper")
    assert record["eventName"] == "REMOVE"
    assert record["userIdentity"] == {
        "type": "Service",
        "principalId": "dynamodb.amazonaws.com",
    }
    assert record["dynamodb"]["OldImage"]["sk"] == {"S": "RUN"}


def test_what_others_delete_they_tell_themselves() -> None:
    assert removed("request") == []
