"""The operator's commands against a deployed stack."""

import json

import pytest
from runledger.cli import main
from runledger.errors import NotFoundError
from runledger.models.contact import ContactDocument
from runledger.models.workspace import Role
from runledger.store.keys import Key

from tests.support.engine import Engine, client_of
from tests.support.environment import TABLE

# The commands have the table of the stack that they name.
pytestmark = pytest.mark.dynamodb


@pytest.fixture
def deployed(engine: Engine) -> Engine:
    """A stack whose outputs name the test's table and a user pool."""
    pool = client_of("cognito-idp").create_user_pool(
        PoolName="operators", UsernameAttributes=["email"]
    )["UserPool"]["Id"]
    outputs = {
        "TableName": {"Value": TABLE},
        "UserPoolId": {"Value": pool},
        "BucketName": {"Value": "x"},
        "ConsoleBucketName": {"Value": "x"},
    }
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    client_of("cloudformation").create_stack(
        StackName="runledger",
        TemplateBody=json.dumps({"Resources": topic, "Outputs": outputs}),
    )
    return engine


def test_a_workspace_is_created_with_its_owner(
    deployed: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["workspace", "ws_acme", "Acme", "--owner", "Ada@Acme.example"]) == 0
    assert "ws_acme" in capsys.readouterr().out
    assert main(["member", "ws_acme", "ada@acme.example", "MEMBER"]) == 0

    (user_id,) = {row["userId"] for row in deployed.rows() if "userId" in row}
    (membership,) = deployed.stores.workspaces.memberships(user_id)
    assert (membership.email, membership.role) == ("ada@acme.example", Role.MEMBER)
    assert deployed.stores.workspaces.get("ws_acme").name == "Acme"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["workspace", "ACME", "Acme", "--owner", "a@acme.example"], "workspace id"),
        (["workspace", "ws_demo", "Demo", "--owner", "a@acme.example"], "exists"),
        (["workspace", "ws_x", "X", "--owner", "nobody"], "e-mail"),
        (["member", "ws_none", "a@acme.example", "OWNER"], "no workspace"),
        (["member", "ws_demo", "a@acme.example", "OWNER", "--stack", "other"], "other"),
    ],
)
def test_a_mistake_is_reported_in_one_line(
    deployed: Engine, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1
    with pytest.raises(NotFoundError):
        deployed.stores.workspaces.get("ws_x")


def test_an_account_with_an_unverified_address_gets_no_membership(
    deployed: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise anybody could claim another person's address, and get the membership that is meant
    for this person."""
    cognito = client_of("cognito-idp")
    pool = cognito.list_user_pools(MaxResults=10)["UserPools"][0]["Id"]
    cognito.admin_create_user(
        UserPoolId=pool,
        Username="ada@acme.example",
        UserAttributes=[
            {"Name": "email", "Value": "ada@acme.example"},
            {"Name": "email_verified", "Value": "false"},
        ],
    )
    assert main(["member", "ws_demo", "ada@acme.example", "OWNER"]) == 1
    assert "has not verified ada@acme.example" in capsys.readouterr().err
    assert deployed.stores.workspaces.members("ws_demo") == []


def test_the_names_of_all_contacts_are_added_to_the_search(
    deployed: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runledger.admin_cli._CONTACTS_READ", 2)
    for name in ("Ada", "Bob", "Cem", None, "Eve"):
        deployed.contacts.create("ws_demo", ContactDocument(first_name=name))
    for row in deployed.rows():
        if row["pk"].endswith("#NAME"):
            deployed.table.delete(Key(row["pk"], row["sk"]))
    for _ in range(2):
        assert main(["names", "ws_demo"]) == 0
        assert "5 contacts" in capsys.readouterr().out
        for name in ("ada", "bob", "cem", "eve"):
            assert len(deployed.search.find("ws_demo", name).items) == 1
    assert main(["names", "ws_none"]) == 1
    assert "no workspace" in capsys.readouterr().err
