"""Sends the mail of an invitation, from the stack's own sender."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import iso
from runledger.errors import ServiceError
from runledger.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

    from runledger.models.invitation import Invitation

# An owner chooses the name, and a stranger reads it in our mail. Without these characters it cannot
# contain a link or a second line.
_NO_PLAIN_NAME = re.compile(r"[\s./:@\\<>]+")

_TEXT = """{invited_by} invites you to the workspace "{name}" in Runledger, as {role}.

Sign in with this e-mail address and accept:
{url}

If you have not signed in before, your first password comes in a mail of its own.
The invitation can be accepted until {until}. If you did not expect it, do nothing.
"""


@dataclass(frozen=True, slots=True)
class InvitationMail:
    """Sends invitations from `sender`, the stack's verified address."""

    ses: "SESV2Client"
    sender: str

    def send(self, invitation: "Invitation", workspace_name: str, url: str) -> bool:
        """Sends the mail and returns whether SES accepted it. Neither the mail's text nor the
        returned value depends on whether the address has an account. If SES refuses the mail, the
        refusal is logged, and the invitation stays valid."""
        text = _TEXT.format(
            invited_by=invitation.invited_by,
            name=_NO_PLAIN_NAME.sub(" ", workspace_name).strip(),
            role=invitation.role.lower(),
            url=url,
            until=iso(invitation.expires_at)[:16].replace("T", " ") + " UTC",
        )
        try:
            self.ses.send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [invitation.email]},
                Content={
                    "Simple": {
                        "Subject": {"Data": "You are invited to Runledger", "Charset": "UTF-8"},
                        "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
                    }
                },
            )
        except AWS_ERRORS as error:
            ours = domain_error(error)
            reason = ours.code if isinstance(ours, ServiceError) else type(ours).__name__
            logger.warning(
                "an invitation was not sent by e-mail",
                extra={"invitationId": invitation.id, "reason": reason},
            )
            return False
        return True
