"""Lost rows come back from a restored copy of the table."""

import json
from typing import Any

import pytest
from runledger.cli import main
from runledger.clock import now_ms

from tests.support.engine import Engine, client_of
from tests.support.environment import TABLE

pytestmark = pytest.mark.dynamodb
COPY = "a-restored-copy"


def row(pk: str, sk: str, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **more}


BYTES_AND_SETS = row("RUN#2", "RUN", body={"B": b"\x00\xff"}, marks={"SS": ["a", "b"]})


@pytest.fixture
def copy(engine: Engine) -> Any:
    """A copy with one row that the table has in another state, and rows that it lacks."""
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    outputs = {"TableName": {"Value": TABLE}}
    client_of("cloudformation").create_stack(
        StackName="runledger",
        TemplateBody=json.dumps({"Resources": topic, "Outputs": outputs}),
    )
    dynamodb = client_of("dynamodb")
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    dynamodb.create_table(
        TableName=COPY,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
    )
    seconds = now_ms() // 1_000
    for each in (
        row("RUN#1", "RUN", status={"S": "RUNNING"}),
        BYTES_AND_SETS,
        row("CONTACT#1", "CONTACT", ttl={"N": str(seconds + 600)}),
        row("RUN#3", "RUN", ttl={"N": str(seconds - 600)}),
        # More than are looked up together.
        *(row("TOTALS#1", f"{number:03d}") for number in range(150)),
    ):
        dynamodb.put_item(TableName=COPY, Item=each)
    dynamodb.put_item(TableName=TABLE, Item=row("RUN#1", "RUN", status={"S": "COMPLETED"}))
    return dynamodb


def at(dynamodb: Any, pk: str, sk: str) -> Any:
    return dynamodb.get_item(TableName=TABLE, Key=row(pk, sk)).get("Item")


def test_missing_rows_are_counted_by_kind_and_then_written(
    copy: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", COPY]) == 0
    counted = {line.split()[0]: line.split()[-1] for line in capsys.readouterr().out.splitlines()}
    assert counted == {"CONTACT": "1", "RUN": "1", "TOTALS": "150", "rows": "152"}
    assert at(copy, "RUN#2", "RUN") is None

    assert main(["restore", COPY, "--write"]) == 0
    assert "rows written" in capsys.readouterr().out
    assert at(copy, "RUN#2", "RUN") == BYTES_AND_SETS
    assert at(copy, "TOTALS#1", "149") is not None
    # What is newer stays, and what has expired does not return.
    assert at(copy, "RUN#1", "RUN")["status"] == {"S": "COMPLETED"}
    assert at(copy, "RUN#3", "RUN") is None

    assert main(["restore", COPY, "--write"]) == 0
    assert capsys.readouterr().out.split()[-1] == "0"


def test_only_the_named_partitions_are_restored(copy: Any) -> None:
    assert main(["restore", COPY, "--write", "--partition", "RUN#"]) == 0
    assert at(copy, "RUN#2", "RUN") is not None
    assert at(copy, "CONTACT#1", "CONTACT") is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["restore", TABLE], "own table"),
        (["restore", "no-such-table"], "ResourceNotFoundException"),
        (["restore", COPY, "--stack", "other"], "other"),
    ],
)
def test_a_mistake_is_reported_in_one_line(
    copy: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1
