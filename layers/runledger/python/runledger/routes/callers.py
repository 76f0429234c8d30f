"""Who is calling a route."""

from typing import TYPE_CHECKING

from runledger.http import caller
from runledger.services.wiring import stores

if TYPE_CHECKING:
    from runledger.http import HttpApp
    from runledger.models.workspace import Role
    from runledger.services.identity import Caller


def calling(app: "HttpApp", needed: "Role | None" = None) -> "Caller":
    """Who has at least the role that the route needs, or another that its body asks for."""
    return caller(app, stores().workspaces, needed)
