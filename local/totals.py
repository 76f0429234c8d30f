"""What was counted before the emulator stopped.

It keeps rows and forgets its stream: changes that nobody had read when it stopped are never told,
while on AWS a stream keeps them for a day. So the totals of rows, and how far the stream was read,
are forgotten with it: rows are counted themselves then, and totals begin anew.
"""

import boto3
from runledger.store import keys

from local.settings import Stack


def forget(stack: Stack, table: str) -> int:
    """Deletes every total of that table; how many items there were."""
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
