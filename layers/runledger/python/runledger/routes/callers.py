"""Who is calling a route."""

from typing import TYPE_CHECKING

from runledger.composition import services
from runledger.http import caller, needs_no_workspace, person

if TYPE_CHECKING:
    from runledger.http import HttpApp
    from runledger.models.workspace import Role
    from runledger.services.workspaces.identity import Caller, Person


def require_role(app: "HttpApp", needed: "Role | None" = None) -> "Caller":
    """Who has at least the role that the route needs, or another that its body asks for."""
    return caller(app, services().identity, needed)


def signed_in(app: "HttpApp") -> "Person":
    """Who is signed in, for a route that acts in no workspace."""
    return person(app, services().identity)


def admit(app: "HttpApp") -> object:
    """Raises where the caller may not use the route at all."""
    return signed_in(app) if needs_no_workspace(app) else require_role(app)
