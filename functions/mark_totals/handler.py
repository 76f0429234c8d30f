"""Marks the hours whose totals changed, as the table's stream reports it. Once a minute it writes
pulses into that stream, by which it is told how far it has read."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.clock import now_ms
from runledger.observability import begin
from runledger.services.totals_marks import TotalMarker, told_by
from runledger.services.wiring import stores


@cache
def marker() -> TotalMarker:
    return TotalMarker(stores().totals, stores().freshness, now_ms)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    if "Records" not in event:
        stores().freshness.beat(now_ms())
        return {}
    # Where it raises, the whole batch comes again: a mark that is there already is not made twice.
    marker().mark(told_by(event["Records"]))
    return {"batchItemFailures": []}
