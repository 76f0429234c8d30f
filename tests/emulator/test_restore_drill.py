"""The restore drill of docs/operations.md, on the deployed stack.

The emulator restores a table to its present state only. So the copy is made first, and then the
rows are lost.
"""

import uuid
from contextlib import closing

import pytest
from runledger.cli import main

from local.settings import CREDENTIALS, STACK_NAME
from tests.emulator.orders import ADMIN
from tests.support.stack import Stack


def test_a_lost_contact_comes_back_from_a_restored_copy(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = uuid.uuid4().hex[:12]
    copy = f"{stack.table_name}-drill-{tag}"
    operator = {**CREDENTIALS, "AWS_ENDPOINT_URL": stack.aws_endpoint}
    for name, value in {**operator, "AWS_DEFAULT_REGION": stack.region}.items():
        monkeypatch.setenv(name, value)
    with stack.api(ADMIN) as api, closing(stack.aws("dynamodb")) as dynamodb:
        email = f"drill-{tag}@customer.example"
        made = api.post("/v1/contacts", json={"email": email}).raise_for_status().json()
        address = f"/v1/contacts/{made['id']}"
        try:
            dynamodb.restore_table_to_point_in_time(
                SourceTableName=stack.table_name, TargetTableName=copy, UseLatestRestorableTime=True
            )
            dynamodb.get_waiter("table_exists").wait(TableName=copy)
            rows = [
                {"pk": item["pk"], "sk": item["sk"]}
                for page in dynamodb.get_paginator("scan").paginate(TableName=copy)
                for item in page["Items"]
                if made["id"] in str(item)
            ]
            assert len(rows) >= 2
            for key in rows:
                dynamodb.delete_item(TableName=stack.table_name, Key=key)
            assert api.get(address).status_code == 404

            assert main(["restore", copy, "--stack", STACK_NAME]) == 0
            assert "missing" in capsys.readouterr().out
            assert api.get(address).status_code == 404
            assert main(["restore", copy, "--stack", STACK_NAME, "--write"]) == 0
            assert "written" in capsys.readouterr().out
            assert api.get(address).raise_for_status().json()["email"] == email
        finally:
            dynamodb.delete_table(TableName=copy)
