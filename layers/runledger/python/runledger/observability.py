"""One structured logger. It holds ids, never bodies."""

from aws_lambda_powertools import Logger

logger = Logger(service="runledger")


def bind(**ids: str | int | None) -> None:
    """Adds ids to every line that follows in this invocation."""
    logger.append_keys(**{name: value for name, value in ids.items() if value is not None})
