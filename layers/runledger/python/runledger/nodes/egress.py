"""Where a call may go."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Takes a scheme, a host in ASCII and a port; raises NodeError where the call may not go there.
EgressCheck = Callable[[str, str, int], None]


def _anywhere(scheme: str, host: str, port: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class EgressRule:
    """Where a request, and whatever it is redirected to, may go. It is no part of what is sent,
    so two of them never differ."""

    check: EgressCheck = field(default=_anywhere, compare=False)
    # A redirect from https to http would send them in the clear.
    has_secrets: bool = field(default=False, compare=False)
