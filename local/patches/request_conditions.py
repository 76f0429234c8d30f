"""IAM: sets two condition keys of requests that the stack's policies use.

- `dynamodb:LeadingKeys`, the partitions of a request. The emulator does not set this key, and
  without it a `ForAllValues` condition is true for every request. This patch does not set the key
  for a transaction, because AWS checks each item of a transaction separately.
- `aws:SecureTransport`, whether a request came over TLS. Requests reach the emulator over this
  machine's loopback interface without TLS, so the emulator sets this key to false, and a policy
  that refuses requests without TLS would refuse every request. This patch sets the key to true.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ministack import app
from ministack.core import iam_actions

from local.patches import guard, json_once


def apply() -> None:
    guard.wrap(iam_actions, "dynamodb_service_context", "0f0021bdc8a3f13c", _with_partitions)
    guard.wrap(app, "pin_request_origin", "de819c1bd9ac2be4", _as_if_with_tls)


def _with_partitions(context_of: Callable[[bytes], dict[str, Any]]) -> Callable[..., Any]:
    def with_partitions(body: bytes) -> dict[str, Any]:
        found = list(partitions(json_once.loads(body or b"{}")))
        return {**context_of(body), **({"dynamodb:LeadingKeys": found} if found else {})}

    return with_partitions


def partitions(request: dict[str, Any]) -> Iterator[str]:
    """Yields the partition keys that a request to the table names. A request to an index yields
    nothing, because an index's keys are not the table's."""
    for row in (request.get("Key"), request.get("Item")):
        if row:
            yield row["pk"]["S"]
    for asked in request.get("RequestItems", {}).values():
        if isinstance(asked, dict):
            yield from (key["pk"]["S"] for key in asked["Keys"])
            continue
        # A batch of writes: the project's functions make none, but the measurements do.
        for write in asked:
            if "PutRequest" in write:
                yield write["PutRequest"]["Item"]["pk"]["S"]
            else:
                yield write["DeleteRequest"]["Key"]["pk"]["S"]
    if "KeyConditionExpression" in request and "IndexName" not in request:
        # The table's own code names the value so.
        yield request["ExpressionAttributeValues"][":pk"]["S"]


def _as_if_with_tls(pin: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
    def pinned(source_ip: str, _: bool) -> None:
        pin(source_ip, True)

    return pinned
