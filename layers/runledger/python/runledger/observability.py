"""One structured logger. It holds ids, never bodies."""

import json
import traceback
from typing import Any

from aws_lambda_powertools import Logger

from runledger.texts import clean_text


def _line(entry: dict[str, Any]) -> str:
    """As short as powertools writes it, and always such that it can be written: a line that holds
    half of a surrogate pair would be lost."""
    return clean_text(json.dumps(entry, default=str, separators=(",", ":"), ensure_ascii=False))


logger = Logger(service="runledger", json_serializer=_line)


def begin(request_id: str, **ids: str | int | None) -> None:
    """Starts an invocation's log: forgets the ids of the one before."""
    logger.clear_state()
    bind(requestId=request_id, **ids)


def bind(**ids: str | int | None) -> None:
    """Adds ids to every line that follows in this invocation."""
    logger.append_keys(**{name: value for name, value in ids.items() if value is not None})


def log_failure(message: str, error: Exception, **ids: str) -> None:
    """An unforeseen error by its type and where it came from. Its own words stay out of the log:
    they may quote a body."""
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error(message, extra={"error": type(error).__name__, "where": where, **ids})
