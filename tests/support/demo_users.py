"""Users of the local stack who call Cognito themselves, as a browser does."""

import base64
import hashlib
import hmac
import struct
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
from runledger.models.workspace import Role, Workspace
from runledger.services.workspaces.accounts import Accounts
from runledger.services.workspaces.workspaces import add_member, create_workspace
from runledger.store.table import DynamoTable
from runledger.store.workspaces import WorkspaceStore

from local.settings import PASSWORD
from tests.support.stack import Stack

STEP_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]

    @property
    def error(self) -> str:
        return str(self.body.get("__type", "")).rpartition("#")[2]


def ask_cognito(stack: Stack, action: str, **request: Any) -> Answer:
    """Makes one call without credentials, through the console's route to Cognito."""
    answer = httpx.post(
        f"{stack.url}/cognito",
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{action}",
        },
        json=request,
        timeout=30,
    )
    body: dict[str, Any] = answer.json() if answer.content else {}
    return Answer(answer.status_code, body)


def client_id(stack: Stack) -> str:
    config = httpx.get(f"{stack.url}/config.json").raise_for_status().json()
    return str(config["userPoolClientId"])


def pool_id(stack: Stack) -> str:
    """Returns the id of the stack's user pool."""
    cognito = stack.aws("cognito-idp")
    ours = client_id(stack)
    for pool in cognito.list_user_pools(MaxResults=50)["UserPools"]:
        clients = cognito.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]
        if ours in [client["ClientId"] for client in clients]:
            return str(pool["Id"])
    raise LookupError("no pool has the console's client")


def sign_in(stack: Stack, email: str, password: str = PASSWORD) -> Answer:
    return ask_cognito(
        stack,
        "InitiateAuth",
        ClientId=client_id(stack),
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password},
    )


def tokens(stack: Stack, email: str) -> dict[str, str]:
    """Returns `AccessToken`, `IdToken` and `RefreshToken` of a new sign-in."""
    answer = sign_in(stack, email)
    assert answer.status == 200, answer
    granted: dict[str, str] = answer.body["AuthenticationResult"]
    return granted


def api(stack: Stack, token: str, workspace_id: str | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    if workspace_id is not None:
        headers["X-Workspace-Id"] = workspace_id
    return httpx.Client(base_url=stack.url, headers=headers, timeout=30)


def new_address(name: str = "person") -> str:
    return f"{name}-{uuid.uuid4().hex[:12]}@people.example"


def make_account(stack: Stack, email: str) -> str:
    """Creates an account with PASSWORD, in no workspace, and returns its `sub`."""
    account = accounts(stack).prepare(email, PASSWORD)
    assert account is not None
    return account.user_id


def open_workspace(stack: Stack, name: str, owner: str) -> Workspace:
    """Opens a new workspace with its owner, as an operator does."""
    store = WorkspaceStore(DynamoTable(stack.aws("dynamodb"), stack.table_name))
    workspace = create_workspace(store, _now, workspace_id=f"ws_{uuid.uuid4().hex[:12]}", name=name)
    join(stack, workspace, owner, Role.OWNER)
    return workspace


@dataclass(frozen=True)
class OwnWorkspace:
    """A workspace that one test has to itself, with the addresses of its owner and of a viewer."""

    id: str
    owner: str
    viewer: str


def own_workspace(stack: Stack) -> OwnWorkspace:
    """Opens a workspace for one test. A test that erases contacts needs its own workspace, because
    an open erasure deletes the exports that other tests make in the same workspace."""
    owner, viewer = new_address("owner"), new_address("viewer")
    workspace = open_workspace(stack, "Own", owner)
    join(stack, workspace, viewer, Role.VIEWER)
    return OwnWorkspace(workspace.id, owner, viewer)


def join(stack: Stack, workspace: Workspace, email: str, role: Role) -> None:
    """Makes a person a member, as an operator does."""
    store = WorkspaceStore(DynamoTable(stack.aws("dynamodb"), stack.table_name))
    add_member(
        store,
        accounts(stack),
        _now,
        workspace=workspace,
        email=email,
        role=role,
        password=PASSWORD,
    )


def accounts(stack: Stack) -> Accounts:
    return Accounts(stack.aws("cognito-idp"), pool_id(stack))


def totp(secret: str, now: float | None = None) -> str:
    """Returns the code that an authenticator app shows (RFC 6238: SHA-1, 30 seconds, 6 digits)."""
    moment = int((time.time() if now is None else now) // STEP_SECONDS)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", moment), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFF_FFFF
    return f"{number % 1_000_000:06d}"


def next_second() -> None:
    """Waits until the next second begins, because the times in tokens are whole seconds."""
    began = int(time.time())
    while int(time.time()) == began:
        time.sleep(0.02)


def _now() -> int:
    return time.time_ns() // 1_000_000
