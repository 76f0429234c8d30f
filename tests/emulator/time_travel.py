"""Lets time pass for one run, or for one recovery, of the deployed stack."""

from contextlib import closing, suppress
from typing import Any

from tests.support.stack import Stack


def let_pass(stack: Stack, run_id: str, milliseconds: int) -> None:
    """Moves all times in the run's rows into the past by this duration."""
    with closing(stack.aws("dynamodb")) as dynamodb:
        rows = dynamodb.query(
            TableName=stack.table_name,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"RUN#{run_id}"}},
        )["Items"]
        for row in rows:
            key = {"pk": row["pk"], "sk": row["sk"]}
            values: dict[str, Any] = {}
            for name in ("startedAt", "resumedAt", "finishedAt", "waitUntil"):
                if name in row:
                    values[name] = {"N": str(int(row[name]["N"]) - milliseconds)}
            if "dueKey" in row:
                values["dueKey"] = _earlier_due(row["dueKey"], milliseconds)
            if "openClaims" in row:
                values["openClaims"] = {
                    "M": {
                        rank: {"L": [_earlier(each, milliseconds) for each in claim["L"]]}
                        for rank, claim in row["openClaims"]["M"].items()
                    }
                }
            if values:
                dynamodb.update_item(
                    TableName=stack.table_name,
                    Key=key,
                    UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                    ExpressionAttributeValues={f":{name}": each for name, each in values.items()},
                )


def let_pass_for_recovery(stack: Stack, recovery_id: str, milliseconds: int) -> None:
    """Moves all times of a recovery into the past by this duration. Changes nothing if another
    process writes the recovery's row at the same moment."""
    workspace_id = stack.local["workspaces"][0]["id"]
    key = {"pk": {"S": f"WORKSPACE#{workspace_id}#RECOVERY"}, "sk": {"S": recovery_id}}
    with closing(stack.aws("dynamodb")) as dynamodb:
        row = dynamodb.get_item(TableName=stack.table_name, Key=key, ConsistentRead=True)["Item"]
        values: dict[str, Any] = {}
        for name in ("againAt", "pacedTo"):
            if name in row:
                values[name] = {"N": str(int(row[name]["N"]) - milliseconds)}
        if "dueKey" in row:
            values["dueKey"] = _earlier_due(row["dueKey"], milliseconds)
        with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
            dynamodb.update_item(
                TableName=stack.table_name,
                Key=key,
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                ConditionExpression="version = :version",
                ExpressionAttributeValues={
                    **{f":{name}": each for name, each in values.items()},
                    ":version": row["version"],
                },
            )


def _earlier(value: dict[str, Any], milliseconds: int) -> dict[str, Any]:
    is_moment = "N" in value and int(value["N"]) > milliseconds
    return {"N": str(int(value["N"]) - milliseconds)} if is_moment else value


def _earlier_due(value: dict[str, Any], milliseconds: int) -> dict[str, Any]:
    moment, _, rest = value["S"].partition("#")
    return {"S": f"{int(moment) - milliseconds:013d}#{rest}"}
