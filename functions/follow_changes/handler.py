"""Follows the table's stream: publishes new statuses, marks the hours whose totals changed, and
buries what expired."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.aws import client
from runledger.clock import now_ms
from runledger.composition import stores
from runledger.observability import begin
from runledger.services.counts.changed_hours import TotalMarker
from runledger.services.stream.expiry import ExpiryFollower
from runledger.services.stream.follow import Followers
from runledger.services.stream.publish import Publisher
from runledger.settings import PublishSettings, read_settings


@cache
def followers() -> Followers:
    of = stores()
    bus = read_settings(PublishSettings).bus
    return Followers(
        publisher=Publisher(client("events"), bus, of.automations),
        marker=TotalMarker(of.totals, of.freshness, now_ms),
        expiry=ExpiryFollower(of.tombstones, of.bodies),
    )


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    begin(context.aws_request_id)
    failed = followers().follow(event["Records"])
    return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed}]}
