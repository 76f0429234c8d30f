"""The mails that Cognito sends to people: first passwords, and codes for forgotten ones.

Cognito asks for subject and text before it sends
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-message.html). It
passes placeholders to us, and replaces them by the password or the code itself. So this code never
sees a secret.
"""

import html
from dataclasses import dataclass
from typing import NamedTuple

from runledger.errors import RunledgerError
from runledger.models.invitation import INVITATION_LIFE_DAYS
from runledger.services.workspaces.console_address import ConsoleAddress

FIRST_PASSWORD = "CustomMessage_AdminCreateUser"
FORGOTTEN_PASSWORD = "CustomMessage_ForgotPassword"


class AccountMail(NamedTuple):
    """Subject and text of a mail. The text is HTML, because Cognito sends it as HTML."""

    subject: str
    html: str


# Passwords and codes stand on a line of their own: with a full stop behind them, people copy it.
_FIRST_PASSWORD = """\
<p>You have an account in Runledger.</p>
<p>E-mail address: {username}</p>
<p>First password: {code}</p>
<p>Sign in{at} with both, and choose your own password. The first password is valid for {days} days.
After that, ask the person who invited you to send the invitation again.</p>
<p>If you did not expect this mail, do nothing.</p>
"""
# The hour is Cognito's:
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgotPassword.html
_FORGOTTEN_PASSWORD = """\
<p>Somebody asked for a new password for your account in Runledger.</p>
<p>Code: {code}</p>
<p>Enter the code{at} within an hour, and choose a new password.</p>
<p>If you did not ask for it, do nothing: your password stays the same.</p>
"""


@dataclass(frozen=True, slots=True)
class AccountMails:
    """Writes the subject and text of Cognito's mails. The text contains the console's address."""

    console: ConsoleAddress

    def write(self, occasion: str, code: str, username: str) -> AccountMail | None:
        """Returns the mail for a trigger source of Cognito, or None to leave Cognito's own text.
        `code` and `username` are Cognito's placeholders."""
        if occasion == FIRST_PASSWORD:
            subject, text = "Your first password for Runledger", _FIRST_PASSWORD
        elif occasion == FORGOTTEN_PASSWORD:
            subject, text = "Your code for a new password in Runledger", _FORGOTTEN_PASSWORD
        else:
            return None
        address = html.escape(self._console())
        at = f' at <a href="{address}">{address}</a>' if address else ""
        days = INVITATION_LIFE_DAYS
        return AccountMail(subject, text.format(code=code, username=username, at=at, days=days))

    def _console(self) -> str:
        """Returns the console's address, or "" if it is unknown. The mail is then sent without the
        address, because people cannot sign in without the mail."""
        try:
            return self.console.read()
        except RunledgerError:
            return ""
