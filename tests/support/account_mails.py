"""The mails that Cognito sent on the local stack, and the age of first passwords."""

import re
from typing import Any
from urllib.parse import quote

import httpx
from runledger.clock import DAY, now_ms
from runledger.models.invitation import INVITATION_LIFE
from runledger.store.invitations import InvitationStore
from runledger.store.table import DynamoTable

from tests.support.stack import Stack

# Words of the subjects.
FIRST_PASSWORD, CODE = "first password", "code"


def mails(stack: Stack, email: str, subject: str) -> list[dict[str, Any]]:
    """Returns the mails to an address with these words in their subject, oldest first."""
    sent = httpx.get(f"{stack.aws_endpoint}/_local/messages?to={quote(email)}").json()["items"]
    return [each for each in sent if subject in each["subject"]]


def last_password(stack: Stack, email: str) -> str:
    return _last(stack, email, FIRST_PASSWORD, "First password: (.+)</p>")


def last_code(stack: Stack, email: str) -> str:
    return _last(stack, email, CODE, "Code: ([0-9]{6})</p>")


def _last(stack: Stack, email: str, subject: str, pattern: str) -> str:
    [*_, mail] = mails(stack, email, subject)
    found = re.search(pattern, mail["body"])
    assert found is not None, mail["body"]
    return found[1]


def grow_older(stack: Stack, email: str, days: int) -> None:
    """Makes the account's first password older by the given time."""
    asked = {"email": email, "days": days}
    httpx.post(f"{stack.aws_endpoint}/_local/accounts/age", json=asked).raise_for_status()


def let_invitation_expire(stack: Stack, email: str) -> None:
    """Lets an existing invitation to the demo workspace expire. Changes the dates of the
    invitation and of its first password, so that both of them expired a day ago."""
    store = InvitationStore(DynamoTable(stack.aws("dynamodb"), stack.table_name))
    invitation = store.of_address("ws_demo", email)
    assert invitation is not None
    ended = now_ms() - DAY
    store.renew(invitation, ended - INVITATION_LIFE, ended)
    grow_older(stack, email, days=INVITATION_LIFE // DAY + 1)
