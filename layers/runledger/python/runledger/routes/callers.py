"""The caller of a route."""

from typing import TYPE_CHECKING

from runledger.composition import services
from runledger.http import caller, lower_headers, needs_no_workspace, person
from runledger.models.consent import ConsentOrigin, ConsentSource

if TYPE_CHECKING:
    from runledger.http import HttpApp
    from runledger.models.workspace import Role
    from runledger.services.workspaces.identity import Caller, Person

# The console says in this header that a person used it. Programs do not send it.
CLIENT_HEADER = "x-runledger-client"
_CONSOLE = "console"


def require_role(app: "HttpApp", needed: "Role | None" = None) -> "Caller":
    """Returns the caller. Raises ForbiddenError if the caller's role is lower than `needed`, or
    than the role that the route needs if `needed` is None."""
    return caller(app, services().identity, needed)


def signed_in(app: "HttpApp") -> "Person":
    """Returns the person who is signed in, for a route that acts in no workspace."""
    return person(app, services().identity)


def admit(app: "HttpApp") -> object:
    """Raises if the caller may not use the route at all."""
    return signed_in(app) if needs_no_workspace(app) else require_role(app)


def consent_source(app: "HttpApp") -> ConsentSource:
    """Returns who changes consents with this request, and whether they use the console."""
    is_console = lower_headers(app).get(CLIENT_HEADER) == _CONSOLE
    origin = ConsentOrigin.CONSOLE if is_console else ConsentOrigin.API
    return ConsentSource(origin=origin, by=require_role(app).email)
