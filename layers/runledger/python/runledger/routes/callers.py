"""The caller of a route."""

from typing import TYPE_CHECKING

from runledger.composition import services
from runledger.http import caller, needs_no_workspace, person

if TYPE_CHECKING:
    from runledger.http import HttpApp
    from runledger.models.workspace import Role
    from runledger.services.workspaces.identity import Caller, Person


def require_role(app: "HttpApp", needed: "Role | None" = None) -> "Caller":
    """Returns the caller, who has at least the role that the route needs, or the role `needed` if
    it is given."""
    return caller(app, services().identity, needed)


def signed_in(app: "HttpApp") -> "Person":
    """Returns the person who is signed in, for a route that acts in no workspace."""
    return person(app, services().identity)


def admit(app: "HttpApp") -> object:
    """Raises if the caller may not use the route at all."""
    return signed_in(app) if needs_no_workspace(app) else require_role(app)
