"""People, and forgetting them."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from runledger.http import make_router, needs
from runledger.models.contact import ContactDocument
from runledger.models.erasure import EraseDocument, ErasureView
from runledger.models.wire import ContactView
from runledger.models.workspace import Role
from runledger.routes.callers import calling
from runledger.services.erasing import erasure_view, known_contact
from runledger.services.erasing_wiring import erasing
from runledger.services.views import contact_view
from runledger.services.wiring import contacts, stores
from runledger.settings import ApiSettings, read_settings

router = make_router()


@router.post("/v1/contacts", tags=["Contacts"], status_code=201)
@needs(Role.ADMIN)
def create_contact(document: Annotated[ContactDocument, Body()]) -> ContactView:
    who = calling(router)
    contact = contacts().create(who.workspace_id, document)
    return contact_view(contact)


@router.put("/v1/contacts/<contact_id>", tags=["Contacts"])
@needs(Role.ADMIN)
def replace_contact(contact_id: str, document: Annotated[ContactDocument, Body()]) -> ContactView:
    who = calling(router)
    of = stores()
    known_contact(of.contacts, of.erasures, who.workspace_id, contact_id)
    return contact_view(contacts().replace(who.workspace_id, contact_id, document))


@router.post("/v1/contacts/<contact_id>/erase", tags=["Contacts"], status_code=202)
@needs(Role.ADMIN)
def erase_contact(
    contact_id: str, document: Annotated[EraseDocument | None, Body()] = None
) -> ErasureView:
    """Erases a person for good: the contact at once, with its open runs canceled and messages not
    yet sent stopped; then everything that tells of it. Asked again, it says how far that is."""
    who = calling(router)
    erases = erasing(read_settings(ApiSettings).machine_prefix)
    reason = document.reason if document else None
    return erasure_view(erases.erase(who.workspace_id, contact_id, reason, who.email))
