"""The public address of console and API, for texts that leave the stack.

The template stores the address in a parameter. The functions that need the address cannot refer to
the distribution, because the distribution depends on the API, and the API depends on these
functions.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, answer_within, domain_error
from runledger.observability import log_failure

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

# How long a process uses an address before it reads it again. In seconds.
ADDRESS_CACHED_SECONDS = 300
# Cognito waits five seconds for its function, and tries twice more:
# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
_READ_SECONDS = 2.0


@dataclass(slots=True)
class ConsoleAddress:
    """Reads the address. `parameter` is the name of the parameter that holds it; `age` returns
    seconds from any fixed start."""

    ssm: "SSMClient"
    parameter: str
    age: Callable[[], float] = time.monotonic
    _address: str = ""
    _read_at: float = field(default=float("-inf"))

    def read(self) -> str:
        """Returns the address, without a slash at its end. If the address cannot be read, returns
        the last known one. If none is known, raises AWS's error as one of ours."""
        now = self.age()
        if now - self._read_at < ADDRESS_CACHED_SECONDS:
            return self._address
        try:
            with answer_within(_READ_SECONDS):
                found = self.ssm.get_parameter(Name=self.parameter)
        except AWS_ERRORS as error:
            failure = domain_error(error)
            log_failure("the console's address could not be read", failure)
            if not self._address:
                raise failure from error
            return self._address
        self._address, self._read_at = found["Parameter"]["Value"], now
        return self._address
