"""Deletes the totals that were counted before the emulator stopped.

The emulator keeps its rows but loses its stream: a change that was not read before it stopped is
never reported. (AWS keeps a stream for a day.) So the totals and the position in the stream are
deleted. Rows are then counted directly until there are new totals.
"""

import boto3
from runledger.store import keys

from local.settings import Stack


def forget(stack: Stack, table: str) -> int:
    """Deletes every total of that table and returns the number of items."""
    dynamodb = boto3.client("dynamodb", endpoint_url=stack.aws_endpoint)
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression="pk, sk",
        FilterExpression="begins_with(pk, :totals) OR pk = :freshness",
        ExpressionAttributeValues={
            ":totals": {"S": keys.TOTALS_PREFIX},
            ":freshness": {"S": keys.freshness().pk},
        },
    )
    found = [item for page in pages for item in page["Items"]]
    for key in found:
        dynamodb.delete_item(TableName=table, Key=key)
    return len(found)
