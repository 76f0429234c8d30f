"""Where an outbound call may go."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Takes a scheme, a host in ASCII and a port. Raises NodeError if the call may not go there.
EgressCheck = Callable[[str, str, int], None]


def _anywhere(scheme: str, host: str, port: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class EgressRule:
    """Where a request and its redirects may go. It is not part of what is sent, so two rules always
    compare equal."""

    check: EgressCheck = field(default=_anywhere, compare=False)
    # A redirect from https to http would send the secrets unencrypted.
    has_secrets: bool = field(default=False, compare=False)
