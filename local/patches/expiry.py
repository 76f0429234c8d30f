"""DynamoDB: rows that are deleted by their time to live are told to the stream, as AWS does.

The emulator's reaper deletes them without a word, so whatever listens for it never hears.
"""

import threading
from collections.abc import Callable
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import dynamodb, lambda_svc

from local.patches import guard

Row = dict[str, Any]

_REAPER = "dynamodb-ttl-reaper"
_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def apply() -> None:
    guard.expect(dynamodb, "_ttl_reaper", "66841bfd60279dd7")
    guard.expect(dynamodb, "_emit_stream_event", "8568d0446f26eaba")
    guard.wrap(dynamodb, "_build_change_record", "45f604ee477218c3", _naming_the_service)
    guard.wrap(dynamodb, "_remove_item", "5cce50c99688dab8", _telling_the_stream)


def _is_reaper() -> bool:
    return threading.current_thread().name == _REAPER


def _naming_the_service(original: Callable[..., Row]) -> Callable[..., Row]:
    def build(*arguments: Any) -> Row:
        record = original(*arguments)
        return {**record, "userIdentity": _IDENTITY} if _is_reaper() else record

    return build


def _telling_the_stream(original: Callable[..., Row | None]) -> Callable[..., Row | None]:
    def remove(table: dict[str, Any], partition: str, sort: str) -> Row | None:
        removed = original(table, partition, sort)
        if removed is not None and _is_reaper():
            arn = parse_arn(table["TableArn"])
            # The reaper's thread belongs to no request.
            lambda_svc._request_account_id.set(arn.account_id)
            lambda_svc._request_region.set(arn.region)
            dynamodb._emit_stream_event(table["TableName"], "REMOVE", removed, None)
        return removed

    return remove
