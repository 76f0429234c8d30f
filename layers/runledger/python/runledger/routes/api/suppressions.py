"""Adding addresses to the suppression list and removing them."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from runledger.api.suppressions import SuppressionDocument, SuppressionView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.views.suppressions import suppression_view

router = make_router()


@router.post("/v1/suppressions", tags=["Suppressions"], status_code=201)
@answers({200: "The address was already on the list."})
@needs(Role.ADMIN)
def add_suppression(
    document: Annotated[SuppressionDocument, Body()],
) -> Response[SuppressionView]:
    """Adds an address to the suppression list, so that nothing is sent to it. If the address is
    already on the list, answers 200 with the existing entry, which keeps its reason."""
    who = require_role(router)
    suppression, is_new = services().suppressions.add(who.workspace_id, document, who.email)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return Response(status, "application/json", suppression_view(suppression))


@router.delete("/v1/suppressions/<address>", tags=["Suppressions"], status_code=204)
@needs(Role.ADMIN)
def remove_suppression(
    address: Annotated[str, Path(description="The e-mail address or phone number.")],
) -> Response[str]:
    """Removes an address from the suppression list, regardless of why it was added."""
    who = require_role(router)
    services().suppressions.remove(who.workspace_id, unquote(address))
    return Response(HTTPStatus.NO_CONTENT, body="")
