"""The structured logger. It logs ids and never bodies."""

import json
import os
import traceback
from typing import Any

from aws_lambda_powertools import Logger

from runledger.texts import clean_text


def _line(entry: dict[str, Any]) -> str:
    """Returns a log line as compact as powertools writes it. Invalid characters are replaced,
    because a line with a lone surrogate would be lost."""
    return clean_text(json.dumps(entry, default=str, separators=(",", ":"), ensure_ascii=False))


logger = Logger(service="runledger", json_serializer=_line)


def begin(request_id: str, **ids: str | int | None) -> None:
    """Starts the log of an invocation, without the ids of the previous one."""
    logger.clear_state()
    bind(requestId=request_id, **ids)


def bind(**ids: str | int | None) -> None:
    """Adds ids to all following lines of this invocation."""
    logger.append_keys(**{name: value for name, value in ids.items() if value is not None})


def trace_header() -> str | None:
    """Returns the X-Ray header of this invocation, which makes work elsewhere part of its trace.
    None if the invocation is not traced.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    header = os.environ.get("_X_AMZN_TRACE_ID", "")
    parts = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
    if parts.get("Sampled") != "1" or "Root" not in parts:
        return None
    kept = [name for name in ("Root", "Parent", "Sampled") if name in parts]
    return ";".join(f"{name}={parts[name]}" for name in kept)


def log_failure(message: str, error: Exception, **ids: str) -> None:
    """Logs an unexpected error with its type and traceback. Its message is not logged, because it
    may quote a body."""
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error(message, extra={"error": type(error).__name__, "where": where, **ids})
