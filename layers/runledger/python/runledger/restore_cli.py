"""The command `runledger restore`: brings rows that were lost back from a restored copy of the
table."""

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import SECOND, now_ms
from runledger.errors import InvalidInputError, RunledgerError
from runledger.operators import outputs_of, refused
from runledger.store.keys import Key
from runledger.store.table import DynamoTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Subparsers = Any  # argparse keeps the class of its sub-parsers to itself.
# Rows that are looked up in one request.
_TOGETHER = 100


def add_restore_command(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "restore",
        help="bring rows that were lost back from a restored copy of the table",
        description=(
            "Counts the rows of COPY that the stack's table lacks, by kind. With --write it writes "
            "them; a row that is there stays as it is. COPY is a table that DynamoDB restored to a "
            "point in time. Uses your AWS credentials and region."
        ),
    )
    parser.add_argument("copy", help="the name of the restored table")
    parser.add_argument(
        "--partition",
        default="",
        metavar="PREFIX",
        help="only partitions that begin with this, such as RUN# or AUTOMATION#aut_01",
    )
    parser.add_argument("--write", action="store_true", help="write the rows")
    parser.add_argument("--stack", default="runledger", help="the stack's name")
    parser.set_defaults(run=run_restore)


def run_restore(options: argparse.Namespace) -> int:
    try:
        table = outputs_of(options.stack)["TableName"]
        if options.copy == table:
            raise InvalidInputError("this is the stack's own table; name a restored copy of it")
        client: DynamoDBClient = boto3.client("dynamodb")
        found: Counter[str] = Counter()
        for row in _missing(client, table, options.copy, options.partition):
            if not options.write or _write(client, table, row):
                found[row["pk"]["S"].partition("#")[0]] += 1
    except RunledgerError as error:
        return refused(error)
    for kind, count in sorted(found.items()):
        print(f"{kind:<20} {count:>8}")
    done = "written" if options.write else "missing"
    print(f"{'rows ' + done:<20} {found.total():>8}")
    return 0


def _missing(
    client: "DynamoDBClient", table: str, copy: str, partition: str
) -> Iterator[dict[str, Any]]:
    """Yields the rows of the copy that the table lacks, without those that have expired since."""
    now = now_ms() // SECOND
    own = DynamoTable(client, table)
    for page in _pages(client, copy):
        rows = {Key(each["pk"]["S"], each["sk"]["S"]): each for each in page}
        wanted = [
            key
            for key, row in rows.items()
            if key.pk.startswith(partition) and int(row.get("ttl", {}).get("N", now + 1)) > now
        ]
        for start in range(0, len(wanted), _TOGETHER):
            together = wanted[start : start + _TOGETHER]
            there = own.batch_get(together, consistent=True)
            yield from (rows[key] for key in together if key not in there)


def _pages(client: "DynamoDBClient", copy: str) -> Iterator[list[dict[str, Any]]]:
    after: dict[str, Any] = {}
    while True:
        try:
            answer: Any = client.scan(TableName=copy, ConsistentRead=True, **after)
        except AWS_ERRORS as error:
            raise domain_error(error) from error
        yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        after = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _write(client: "DynamoDBClient", table: str, row: dict[str, Any]) -> bool:
    """Writes a row, unless there is one now."""
    try:
        client.put_item(TableName=table, Item=row, ConditionExpression="attribute_not_exists(pk)")
    except client.exceptions.ConditionalCheckFailedException:
        return False
    except AWS_ERRORS as error:
        raise domain_error(error) from error
    return True
