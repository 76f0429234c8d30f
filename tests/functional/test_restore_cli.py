"""Lost rows come back from a restored copy of the table."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from runledger import restore_cli
from runledger.cli import main
from runledger.clock import now_ms
from runledger.errors import TransientError
from runledger.store import keys

from tests.support.engine import Engine, client_of
from tests.support.environment import REGION, TABLE

pytestmark = pytest.mark.dynamodb
COPY = "a-restored-copy"


def row(pk: str, sk: str, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **more}


BYTES_AND_SETS = row("RUN#2", "RUN", body={"B": b"\x00\xff"}, marks={"SS": ["a", "b"]})


@pytest.fixture
def copy(engine: Engine) -> Any:
    """Creates a restored copy of the table. The table has one row of the copy in another state, and
    lacks the other rows of the copy. Returns a client of DynamoDB."""
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    outputs = {
        "TableName": {"Value": TABLE},
        **{name: {"Value": "x"} for name in ("BucketName", "ConsoleBucketName", "UserPoolId")},
    }
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
        (["restore", TABLE], "the table that the stack uses"),
        (["restore", "no-such-table"], "ResourceNotFoundException"),
        (["restore", COPY, "--stack", "other"], "other"),
        (["restore", COPY, "--stack", "shop"], "shop is not a stack of Runledger"),
    ],
)
def test_a_mistake_is_reported_in_one_line(
    copy: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    client_of("cloudformation").create_stack(
        StackName="shop", TemplateBody=json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    )
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


@contextmanager
def written(
    monkeypatch: pytest.MonkeyPatch, breaks_at: tuple[str, str] | None = None
) -> Iterator[list[tuple[str, str]]]:
    """Yields a list that collects the keys of the rows in the order in which they are written. The
    write of the row `breaks_at` fails."""
    order: list[tuple[str, str]] = []
    write = restore_cli._write

    def observed(client: Any, table: str, each: dict[str, Any]) -> bool:
        key = (each["pk"]["S"], each["sk"]["S"])
        if key == breaks_at:
            raise TransientError("try again")
        order.append(key)
        return write(client, table, each)

    with monkeypatch.context() as patch:
        patch.setattr(restore_cli, "_write", observed)
        yield order


# The sort key RUN comes before STEP#: a scan yields the run first.
STARTS = [("RUN#9", "RUN"), ("DELIVERY#9", "DELIVERY")]
CALM = [("RUN#9", "PAYLOAD"), ("RUN#9", "STEP#a"), ("DELIVERY#8", "DELIVERY")]


@pytest.fixture
def at_work(copy: Any) -> Any:
    """Adds rows to the restored copy of the table: a run with its event and one step, a delivery
    that is due, and a delivery that is not due. Returns a client of DynamoDB."""
    due = {"gsi4pk": {"S": "DUE#1"}, "dueKey": {"S": "1"}}
    for pk, sk in (*STARTS, *CALM):
        more = due if pk == "DELIVERY#9" else {}
        copy.put_item(TableName=COPY, Item=row(pk, sk, **more))
    return copy


@pytest.mark.usefixtures("at_work")
def test_what_starts_work_is_written_after_all_other_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with written(monkeypatch) as order:
        assert main(["restore", COPY, "--write"]) == 0
    late = {*STARTS, ("RUN#2", "RUN")}
    assert {*order[-len(late) :]} == late
    assert {*CALM} <= {*order[: -len(late)]}
    assert len(order) == len({*order})
    assert capsys.readouterr().out.split()[-1] == str(len(order))


def test_a_run_is_not_there_before_its_steps_if_the_command_breaks_off(
    at_work: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with written(monkeypatch, breaks_at=("RUN#9", "STEP#a")):
        assert main(["restore", COPY, "--write"]) == 1
    assert "try again" in capsys.readouterr().err
    assert [at(at_work, *key) for key in STARTS] == [None, None]

    arguments = ["restore", COPY, "--write", "--partition", "RUN#9"]
    with written(monkeypatch, breaks_at=("RUN#9", "RUN")):
        assert main(arguments) == 1
    assert at(at_work, "RUN#9", "RUN") is None
    assert at(at_work, "RUN#9", "STEP#a") is not None

    with written(monkeypatch) as order:
        assert main(arguments) == 0
    assert order == [("RUN#9", "RUN")]
    assert at(at_work, "RUN#9", "RUN") is not None


ACCESS = [
    keys.member("ws_1", "ada"),
    keys.membership("ada", "ws_1"),
    keys.invitation("ws_1", "inv_1"),
    keys.invited("bob@acme.example", "ws_1"),
]


@pytest.fixture
def with_people(copy: Any) -> Any:
    """A copy with rows that the table lacks: those of a member and of an invitation, a sign-out,
    and a contact's tag with the name MEMBER. The member and the invitation were removed after the
    copy was made."""
    for key in (*ACCESS, keys.sessions("ada"), keys.contact_tag("ws_1", "MEMBER", "con_1")):
        copy.put_item(TableName=COPY, Item=row(*key))
    return copy


def test_nobody_gets_access_back_unasked(
    with_people: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([], ["--write"], ["--write", "--partition", "WORKSPACE#ws_1"]):
        skipped = 4 if "--partition" not in arguments else 2
        assert main(["restore", COPY, *arguments]) == 0
        said = capsys.readouterr().out
        assert f"{skipped} rows of members and invitations were skipped" in said
    assert [at(with_people, *key) for key in ACCESS] == [None] * 4
    assert at(with_people, *keys.sessions("ada")) is not None
    assert at(with_people, *keys.contact_tag("ws_1", "MEMBER", "con_1")) is not None


@pytest.mark.parametrize("key", ACCESS)
def test_access_comes_back_if_its_partition_is_named(
    with_people: Any, key: keys.Key, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", COPY, "--write", "--partition", key.pk]) == 0
    assert "skipped" not in capsys.readouterr().out
    assert [at(with_people, *each) is not None for each in ACCESS] == [
        each == key for each in ACCESS
    ]


def test_the_region_may_be_named(
    copy: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", COPY, "--region", "eu-west-3"]) == 1
    assert "runledger" in capsys.readouterr().err
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    assert main(["restore", COPY, "--region", REGION]) == 0
