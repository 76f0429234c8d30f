"""Lambda: a DynamoDB stream is read with the mapping's own failure handling.

The emulator ignores ReportBatchItemFailures, MaximumRetryAttempts and
BisectBatchOnFunctionError: a partial failure is lost and a poison record blocks the stream.
"""

import time
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import dynamodb, lambda_svc

from local.patches import guard

Mapping = dict[str, Any]
Record = dict[str, Any]

_BACKOFF_SECONDS = 0.5

# By mapping: the sequence number of the record that fails, and how often it was tried.
_tries: dict[str, tuple[str, int]] = {}
# By mapping: the batch size while bisecting.
_limits: dict[str, int] = {}


def apply() -> None:
    guard.expect(lambda_svc, "_send_ddb_stream_failure_record", "0efd5f5ffe2d6df5")
    guard.expect(lambda_svc, "_apply_filter_criteria", "d8d7d5c8f77ea1ac")
    guard.wrap(lambda_svc, "_poll_dynamodb_streams", "2b2460e933a9f3c3", lambda _original: _poll)


def _poll() -> bool:
    """One pass over all mappings; True if one of them moved on."""
    moved = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        if not mapping.get("Enabled", True) or ":dynamodb:" not in mapping["EventSourceArn"]:
            continue
        account_token = lambda_svc._request_account_id.set(account)
        region_token = lambda_svc._request_region.set(region)
        try:
            moved = _poll_mapping(mapping) or moved
        finally:
            lambda_svc._request_account_id.reset(account_token)
            lambda_svc._request_region.reset(region_token)
    return moved


def _poll_mapping(mapping: Mapping) -> bool:
    mapping_id = mapping["UUID"]
    function, _ = lambda_svc._get_func_record_for_qualifier(
        mapping["FunctionName"], mapping.get("Qualifier")
    )
    source = parse_arn(mapping["EventSourceArn"])
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(source)
    if function is None or found is None:
        return False
    table_name, _label = found
    table = dynamodb._tables.get(table_name)
    if not table or table.get("LatestStreamArn") != mapping["EventSourceArn"]:
        return False
    if lambda_svc._esm_backoff_until.get(mapping_id, 0) > time.time():
        return False
    position = _position(mapping, table_name)
    limit = min(mapping.get("BatchSize", 100), _limits.get(mapping_id, 10_000))
    records: list[Record] = dynamodb.stream_records_since(table_name, position, limit)
    if not records:
        return False
    wanted: list[Record] = lambda_svc._apply_filter_criteria(records, mapping)
    if not wanted:
        _move(mapping_id, position + len(records))
        return True
    answer = lambda_svc._execute_function(function, {"Records": wanted})
    failed = _first_failure(mapping, wanted, answer)
    if failed is None:
        _move(mapping_id, position + len(records))
        _tries.pop(mapping_id, None)
        _limits.pop(mapping_id, None)
        mapping["LastProcessingResult"] = f"OK - {len(wanted)} records"
        return True
    mapping["LastProcessingResult"] = "FAILED"
    _move(mapping_id, position + _index(records, failed))
    _handle_failure(mapping, function, wanted[_index(wanted, failed) :], answer)
    return False


def _position(mapping: Mapping, table_name: str) -> int:
    horizon: int = dynamodb.stream_start_position(table_name)
    end: int = dynamodb.stream_end_position(table_name)
    with lambda_svc._dynamodb_stream_positions_lock:
        start = horizon if mapping.get("StartingPosition") == "TRIM_HORIZON" else end
        position: int = lambda_svc._dynamodb_stream_positions.setdefault(mapping["UUID"], start)
        # A restart empties the stream; a position from before it would skip what comes next.
        return max(position, horizon) if position <= end else horizon


def _move(mapping_id: str, position: int) -> None:
    with lambda_svc._dynamodb_stream_positions_lock:
        lambda_svc._dynamodb_stream_positions[mapping_id] = position


def _sequence(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _index(records: list[Record], sequence: str) -> int:
    return next(i for i, record in enumerate(records) if _sequence(record) == sequence)


def _first_failure(mapping: Mapping, records: list[Record], answer: dict[str, Any]) -> str | None:
    """The sequence number that the batch failed at, or None. An unknown one fails them all."""
    if answer.get("error"):
        return _sequence(records[0])
    body = answer.get("body")
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return None
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not failures:
        return None
    reported = {failure.get("itemIdentifier") for failure in failures}
    known = [_sequence(record) for record in records]
    if not reported <= set(known):
        return known[0]
    return next(sequence for sequence in known if sequence in reported)


def _handle_failure(
    mapping: Mapping, function: dict[str, Any], rest: list[Record], answer: dict[str, Any]
) -> None:
    """Bisects, tries again after a moment, or gives the rest up to the on-failure destination."""
    mapping_id = mapping["UUID"]
    lambda_svc.logger.warning(
        "stream batch of %d records failed in %s: %s\n%s",
        len(rest),
        mapping["FunctionName"],
        answer.get("body"),
        answer.get("log", ""),
    )
    lambda_svc._esm_backoff_until[mapping_id] = time.time() + _BACKOFF_SECONDS
    if mapping.get("BisectBatchOnFunctionError") and len(rest) > 1:
        _limits[mapping_id] = (len(rest) + 1) // 2
        return
    sequence, tries = _tries.get(mapping_id, ("", 0))
    tries = tries + 1 if sequence == _sequence(rest[0]) else 1
    _tries[mapping_id] = (_sequence(rest[0]), tries)
    allowed = mapping.get("MaximumRetryAttempts", -1)
    if 0 <= int(allowed) < tries:
        lambda_svc._send_ddb_stream_failure_record(
            mapping, function, rest, mapping["EventSourceArn"], answer, "RetryAttemptsExhausted"
        )
        position = lambda_svc._dynamodb_stream_positions[mapping_id]
        _move(mapping_id, position + len(rest))
        _limits.pop(mapping_id, None)
