"""Creating, changing and erasing contacts."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.api.contacts import ContactView
from runledger.api.erasures import EraseDocument, ErasureView
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.contact import ContactDocument
from runledger.models.workspace import Role
from runledger.routes.api.documents import ContactPatch, ContactReplacement
from runledger.routes.api.edits import Edits
from runledger.routes.callers import require_role
from runledger.routes.revisions import IfMatch
from runledger.services.contacts.known_contact import known_contact
from runledger.services.views.contacts import contact_view
from runledger.services.views.erasures import erasure_view

router = make_router()


def _require_known(workspace_id: str, contact_id: str) -> None:
    of = services().stores
    known_contact(of.contacts, of.erasures, workspace_id, contact_id)


_contacts = Edits(lambda: services().contacts, contact_view, _require_known)


@router.post("/v1/contacts", tags=["Contacts"], status_code=201)
@answers({409: "Another contact has this e-mail address, phone number or external id."})
@needs(Role.ADMIN)
def create_contact(document: Annotated[ContactDocument, Body()]) -> Response[ContactView]:
    """Creates a contact."""
    return _contacts.create(require_role(router).workspace_id, document)


@router.put("/v1/contacts/<contact_id>", tags=["Contacts"])
@answers(
    {
        409: (
            "Another contact has this e-mail address, phone number or external id, or the revision "
            "has changed."
        ),
        410: "The contact was erased.",
    }
)
@needs(Role.ADMIN)
def replace_contact(
    contact_id: str, document: Annotated[ContactReplacement, Body()], if_match: IfMatch = None
) -> Response[ContactView]:
    """Replaces a whole contact. Fields that are not sent are removed, except consents: they change
    only if they are sent, and a withdrawn consent returns only if it is sent as true. The body may
    be what GET answered."""
    workspace_id = require_role(router).workspace_id
    return _contacts.replace(workspace_id, contact_id, document, if_match)


@router.patch("/v1/contacts/<contact_id>", tags=["Contacts"])
@answers(
    {
        409: (
            "Another contact has this e-mail address, phone number or external id, or the revision "
            "has changed."
        ),
        410: "The contact was erased.",
    }
)
@needs(Role.ADMIN)
def patch_contact(
    contact_id: str, document: Annotated[ContactPatch, Body()], if_match: IfMatch = None
) -> Response[ContactView]:
    """Changes the fields that are sent and keeps the others (RFC 7396). Null removes a value,
    `metadata` and `externalIds` are merged, `tags` are replaced."""
    workspace_id = require_role(router).workspace_id
    return _contacts.patch(workspace_id, contact_id, document, if_match)


@router.post("/v1/contacts/<contact_id>/erase", tags=["Contacts"], status_code=202)
@answers({409: "Other changes to the contact kept getting in the way. Try again."})
@needs(Role.ADMIN)
def erase_contact(
    contact_id: str, document: Annotated[EraseDocument | None, Body()] = None
) -> ErasureView:
    """Erases a person permanently. The contact is erased at once; its open runs are canceled and
    its unsent messages stopped. Everything else about the person follows. A repeated request
    answers how far the erasure is."""
    who = require_role(router)
    erases = services().erasing
    reason = document.reason if document else None
    return erasure_view(erases.erase(who.workspace_id, contact_id, reason, who.email))
