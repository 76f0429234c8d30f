"""The command `runledger restore`: copies lost rows back from a restored copy of the table."""

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import SECOND, now_ms
from runledger.deployment import DEFAULT_STACK
from runledger.errors import InvalidInputError, RunledgerError
from runledger.operators import outputs_of, refused
from runledger.store.keys import INDEX_ATTRIBUTES, Index, Key, grants_access
from runledger.store.table import DynamoTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Subparsers = Any  # argparse keeps the class of its sub-parsers to itself.
# Rows that are looked up in one request.
_TOGETHER = 100


def add_restore_command(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "restore",
        help="copy lost rows back from a restored copy of the table",
        description=(
            "Counts the rows of COPY that the stack's table lacks, by kind. With --write it writes "
            "them, and never changes a row that the table has. Members and invitations are "
            "restored only if --partition names them. COPY is a table that DynamoDB restored to a "
            "point in time. Uses your AWS credentials."
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
    parser.add_argument("--stack", default=DEFAULT_STACK, help="the stack's name")
    parser.add_argument("--region", help="its region, if not that of your AWS profile")
    parser.set_defaults(run=run_restore)


def run_restore(options: argparse.Namespace) -> int:
    found: Counter[str] = Counter()
    skipped = 0
    # They may be gone because somebody removed a member, who would have access again.
    with_access = grants_access(Key(options.partition, ""))
    try:
        table = outputs_of(options.stack, options.region)["TableName"]
        if options.copy == table:
            raise InvalidInputError(
                "this is the table that the stack uses; give the name of a restored copy"
            )
        client: DynamoDBClient = boto3.client("dynamodb", region_name=options.region)
        # What starts work comes last: a run has all its steps before anything takes it up, even if
        # the command breaks off and is repeated.
        for starting in (False, True):
            for row in _missing(client, table, options.copy, options.partition, starting=starting):
                if grants_access(_key(row)) and not with_access:
                    skipped += 1
                elif not options.write or _write(client, table, row):
                    found[row["pk"]["S"].partition("#")[0]] += 1
    except RunledgerError as error:
        return refused(error)
    for kind, count in sorted(found.items()):
        print(f"{kind:<20} {count:>8}")
    done = "written" if options.write else "missing"
    if skipped:
        print(
            f"{skipped} rows of members and invitations were skipped, because they may have been "
            "removed on purpose; name their --partition to restore them"
        )
    print(f"{'rows ' + done:<20} {found.total():>8}")
    return 0


def _key(row: dict[str, Any]) -> Key:
    return Key(row["pk"]["S"], row["sk"]["S"])


def _starts_work(row: dict[str, Any]) -> bool:
    """Returns whether writing the row starts work. It does if the row is due or is a run, because a
    run starts when its row is written."""
    due, _ = INDEX_ATTRIBUTES[Index.DUE]
    return due in row or row["sk"]["S"] == "RUN"


def _missing(
    client: "DynamoDBClient", table: str, copy: str, partition: str, *, starting: bool
) -> Iterator[dict[str, Any]]:
    """Yields the rows that the copy has and the table lacks, in partitions that begin with
    `partition`. Expired rows are left out. If `starting`, yields only rows that start work,
    otherwise only the other rows."""
    now = now_ms() // SECOND
    own = DynamoTable(client, table)
    for page in _pages(client, copy):
        rows = {_key(each): each for each in page if _starts_work(each) == starting}
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
    """Writes a row, unless the table has a row with its key. Returns whether it wrote the row."""
    try:
        client.put_item(TableName=table, Item=row, ConditionExpression="attribute_not_exists(pk)")
    except client.exceptions.ConditionalCheckFailedException:
        return False
    except AWS_ERRORS as error:
        raise domain_error(error) from error
    return True
