"""Sending a message again."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.resends import ResendDocument, ResentView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role

router = make_router()


@router.post("/v1/deliveries/<delivery_id>/resend", tags=["Deliveries"], status_code=202)
@answers(
    {
        200: "An earlier request with the same key sent the message.",
        409: "The delivery cannot be sent again in its current state.",
    }
)
@needs(Role.MEMBER)
def resend_delivery(
    delivery_id: str, document: Annotated[ResendDocument | None, Body()] = None
) -> Response[ResentView]:
    """Sends a message again, as a new delivery. Answers 200 if an earlier request with the same
    idempotency key sent it. If a gate refuses the message, the new delivery is SUPPRESSED; an ADMIN
    can overrule the gates with `force`."""
    asked = document or ResendDocument()
    who = require_role(router, Role.ADMIN if asked.force else Role.MEMBER)
    resent = services().resends.resend(who.workspace_id, delivery_id, asked, who.email)
    attempt = resent.attempt
    view = ResentView(delivery_id=attempt.id, status=attempt.status, duplicate=resent.is_duplicate)
    status = HTTPStatus.OK if resent.is_duplicate else HTTPStatus.ACCEPTED
    return Response(status, "application/json", view)
