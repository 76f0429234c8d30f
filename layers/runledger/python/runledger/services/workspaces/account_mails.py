"""The mails that Cognito sends to people: first passwords, and codes for forgotten ones.

Cognito asks for subject and text before it sends
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-message.html). It
gives placeholders, and puts the password or the code in their place itself: nothing secret comes
here.
"""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from runledger.aws import AWS_ERRORS, answer_within, domain_error
from runledger.models.invitation import INVITATION_LIFE_DAYS
from runledger.observability import log_failure

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

# How long a process uses an address before it reads it again. In seconds.
ADDRESS_CACHED_SECONDS = 300
# Cognito waits five seconds for the function, and tries twice more:
# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
_READ_SECONDS = 2.0

FIRST_PASSWORD = "CustomMessage_AdminCreateUser"
FORGOTTEN_PASSWORD = "CustomMessage_ForgotPassword"


class AccountMail(NamedTuple):
    """Subject and text of a mail. The text is HTML: Cognito declares it so."""

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


@dataclass(slots=True)
class AccountMails:
    """Writes mails with the console's address. `parameter` is the name of the parameter that holds
    it; `age` returns seconds from any fixed start."""

    ssm: "SSMClient"
    parameter: str
    age: Callable[[], float] = time.monotonic
    _address: str = ""
    _read_at: float = field(default=float("-inf"))

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
        """Returns the console's address, or the last known one if it cannot be read. Without this
        mail nobody gets in, so it is sent even if the address is unknown."""
        now = self.age()
        if now - self._read_at < ADDRESS_CACHED_SECONDS:
            return self._address
        try:
            with answer_within(_READ_SECONDS):
                found = self.ssm.get_parameter(Name=self.parameter)
        except AWS_ERRORS as error:
            log_failure("the console's address could not be read", domain_error(error))
            return self._address
        self._address, self._read_at = found["Parameter"]["Value"], now
        return self._address
