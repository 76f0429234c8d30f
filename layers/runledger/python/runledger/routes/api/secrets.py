"""Setting and deleting secrets. No answer shows a secret's value."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from runledger.api.secrets import SecretDocument, SecretNameView
from runledger.composition import services
from runledger.http import make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.services.views.secrets import secret_name_view

router = make_router()
SecretName = Annotated[str, Path(description="The secret's name.")]


@router.put("/v1/secrets/<name>", tags=["Secrets"])
@needs(Role.ADMIN)
def put_secret(name: SecretName, document: Annotated[SecretDocument, Body()]) -> SecretNameView:
    """Sets or replaces a secret's value, or the hosts it may be sent to. The value can never be
    read back."""
    who = require_role(router)
    return secret_name_view(
        services().secrets.set(who.workspace_id, name, document.value, document.allowed_hosts)
    )


@router.delete("/v1/secrets/<name>", tags=["Secrets"], status_code=204)
@needs(Role.ADMIN)
def delete_secret(name: SecretName) -> Response[str]:
    """Deletes a secret permanently. Its name can be used again at once."""
    who = require_role(router)
    services().secrets.delete(who.workspace_id, name)
    return Response(HTTPStatus.NO_CONTENT, body="")
