"""One structured logger. It holds ids, never bodies."""

import traceback

from aws_lambda_powertools import Logger

logger = Logger(service="runledger")


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
