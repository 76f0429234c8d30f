"""Lambda: a DynamoDB stream is read with the failure handling that its event source mapping
defines.

The emulator ignores ReportBatchItemFailures, MaximumRetryAttempts, BisectBatchOnFunctionError and
MaximumBatchingWindowInSeconds: a partial failure is lost, and a record that always fails blocks the
stream. It serves the mappings one after the other, so a slow function delays the others. Its
filters do not support `$or`, nor `exists` below a missing image. After a change that no mapping
reads, it does not look at the streams for 50 milliseconds.
"""

import contextvars
import threading
import time
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import dynamodb, eventbridge, lambda_svc

from local.patches import guard

Mapping = dict[str, Any]
Record = dict[str, Any]

_BACKOFF_SECONDS = 0.5
_WINDOW_STEP_SECONDS = 0.05
# Bounds the passes of the poller while many changes come that no mapping reads.
_GAP_SECONDS = 0.005

# The mappings that a thread serves now.
_at_work: set[str] = set()

# By mapping: the sequence number of the failing record, and its number of tries.
_tries: dict[str, tuple[str, int]] = {}
# By mapping: the batch size while bisecting.
_limits: dict[str, int] = {}


def apply() -> None:
    guard.expect(lambda_svc, "_send_ddb_stream_failure_record", "0efd5f5ffe2d6df5")
    guard.expect(lambda_svc, "_apply_filter_criteria", "d8d7d5c8f77ea1ac")
    guard.expect(lambda_svc, "_poll_loop", "6a443090919adccf")
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = _GAP_SECONDS
    guard.expect(eventbridge, "_compile_pattern", "705b64157856b6fc")
    guard.expect(eventbridge, "_matches_detail", "4278d284fbea982b")
    guard.wrap(lambda_svc, "_match_esm_filter", "355086b70ce2adbf", lambda _original: matches)
    guard.wrap(lambda_svc, "_poll_dynamodb_streams", "2b2460e933a9f3c3", lambda _original: _poll)


def matches(record: Record, pattern: dict[str, Any]) -> bool:
    """Whether the filter's pattern accepts this record, by EventBridge's rules."""
    return any(
        eventbridge._matches_detail(record, alternative)
        for alternative in eventbridge._compile_pattern(pattern)
    )


def _poll() -> bool:
    """Makes one pass over all mappings. Each mapping with records gets a thread, unless it
    has one. Returns whether this pass started a thread."""
    has_started = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        mapping_id = mapping["UUID"]
        if mapping_id in _at_work or not _is_stream(mapping):
            continue
        context = contextvars.copy_context()
        context.run(lambda_svc._request_account_id.set, account)
        context.run(lambda_svc._request_region.set, region)
        if context.run(_has_work, mapping):
            has_started = True
            _at_work.add(mapping_id)
            threading.Thread(
                target=context.run, args=(_work, mapping), daemon=True, name="stream-mapping"
            ).start()
    return has_started


def _is_stream(mapping: Mapping) -> bool:
    return mapping.get("Enabled", True) and ":dynamodb:" in mapping["EventSourceArn"]


def _has_work(mapping: Mapping) -> bool:
    return _function(mapping) is not None and bool(_records(mapping))


def _work(mapping: Mapping) -> None:
    """Serves the mapping until it has no more records, or must pause after a failure."""
    try:
        _await_window(mapping)
        while _is_live(mapping) and _serve_batch(mapping):
            pass
    finally:
        _at_work.discard(mapping["UUID"])
        # For records that came since the last look.
        lambda_svc.esm_wake.set()


def _is_live(mapping: Mapping) -> bool:
    return _is_stream(mapping) and any(
        mapping is other for _, _, other in lambda_svc._iter_all_esms()
    )


def _await_window(mapping: Mapping) -> None:
    """Waits until the batching window ends or a batch is full."""
    ends = time.monotonic() + mapping.get("MaximumBatchingWindowInSeconds", 0)
    while len(_records(mapping)) < mapping.get("BatchSize", 100):
        left = ends - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, _WINDOW_STEP_SECONDS))


def _records(mapping: Mapping) -> list[Record]:
    """Returns the records of the next batch, before filtering. The list is empty while the mapping
    must pause."""
    table_name = _table_name(mapping)
    if table_name is None:
        return []
    if lambda_svc._esm_backoff_until.get(mapping["UUID"], 0) > time.time():
        return []
    limit = min(mapping.get("BatchSize", 100), _limits.get(mapping["UUID"], 10_000))
    found: list[Record] = dynamodb.stream_records_since(
        table_name, _position(mapping, table_name), limit
    )
    return found


def _table_name(mapping: Mapping) -> str | None:
    """Returns the table of this stream, if it still has the stream."""
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(parse_arn(mapping["EventSourceArn"]))
    table = dynamodb._tables.get(found[0]) if found else None
    if not table or table.get("LatestStreamArn") != mapping["EventSourceArn"]:
        return None
    return str(found[0])


def _function(mapping: Mapping) -> dict[str, Any] | None:
    function: dict[str, Any] | None
    function, _ = lambda_svc._get_func_record_for_qualifier(
        mapping["FunctionName"], mapping.get("Qualifier")
    )
    return function


def _serve_batch(mapping: Mapping) -> bool:
    """Processes one batch of the mapping. Returns False if there is none or it failed."""
    mapping_id = mapping["UUID"]
    records = _records(mapping)
    table_name = _table_name(mapping)
    function = _function(mapping)
    if not records or table_name is None or function is None:
        return False
    position = _position(mapping, table_name)
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
        # A restart empties the stream; an older position would skip the next records.
        return max(position, horizon) if position <= end else horizon


def _move(mapping_id: str, position: int) -> None:
    with lambda_svc._dynamodb_stream_positions_lock:
        lambda_svc._dynamodb_stream_positions[mapping_id] = position


def _sequence(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _index(records: list[Record], sequence: str) -> int:
    return next(i for i, record in enumerate(records) if _sequence(record) == sequence)


def _first_failure(mapping: Mapping, records: list[Record], answer: dict[str, Any]) -> str | None:
    """Returns the sequence number of the first failed record, or None. If the function reports an
    unknown number, all records count as failed."""
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
    """Splits the batch, retries it after a pause, or sends the rest to the on-failure
    destination."""
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
