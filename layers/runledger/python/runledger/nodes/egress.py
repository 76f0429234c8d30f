"""The hosts that an outbound call may reach."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Takes a scheme, a host in ASCII and a port. Raises NodeError if the call may not go there.
EgressCheck = Callable[[str, str, int], None]


def _anywhere(scheme: str, host: str, port: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class EgressRule:
    """The hosts that a request and its redirects may reach. A rule is not part of what is sent, so
    two requests that differ only in their rules are equal."""

    check: EgressCheck = field(default=_anywhere, compare=False)
    # A redirect from https to http would send the secrets unencrypted.
    has_secrets: bool = field(default=False, compare=False)
