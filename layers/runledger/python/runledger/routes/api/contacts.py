"""Creating, changing and erasing contacts."""

from http import HTTPStatus
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from runledger.api.contacts import ContactView
from runledger.api.documents import sent_fields
from runledger.api.erasures import EraseDocument, ErasureView
from runledger.composition import services
from runledger.errors import InvalidInputError
from runledger.http import answers, make_router, needs
from runledger.models.contact import Contact, ContactDocument, ExternalIdName
from runledger.models.workspace import Role
from runledger.routes.api.documents import ContactPatch, ContactReplacement
from runledger.routes.api.edits import Edits
from runledger.routes.callers import consent_source, require_role
from runledger.routes.revisions import IfMatch, tagged
from runledger.services.contacts.contact_edits import ContactEdits
from runledger.services.contacts.contacts import EXTERNAL_ID
from runledger.services.contacts.known_contact import known_contact
from runledger.services.views.contacts import contact_view
from runledger.services.views.erasures import erasure_view

router = make_router()


def _require_known(workspace_id: str, contact_id: str) -> None:
    of = services().stores
    known_contact(of.contacts, of.erasures, workspace_id, contact_id)


def _edits() -> Edits[Contact, ContactView]:
    """Returns the service that edits contacts, in the name of this request's caller."""
    source = consent_source(router)
    return Edits(lambda: ContactEdits(services().contacts, source), contact_view, _require_known)


@router.post("/v1/contacts", tags=["Contacts"], status_code=201)
@answers({409: "Another contact has this e-mail address, phone number or external id."})
@needs(Role.ADMIN)
def create_contact(document: Annotated[ContactDocument, Body()]) -> Response[ContactView]:
    """Creates a contact."""
    return _edits().create(require_role(router).workspace_id, document)


By = Annotated[
    Literal["email", "phone", "externalId"],
    Query(description="The field by which the contact is found. The body must have it."),
]
IdName = Annotated[
    ExternalIdName | None,
    Query(description="The name of the external id, such as `stripe`; only with `by=externalId`."),
]


@router.patch("/v1/contacts", tags=["Contacts"])
@answers(
    {
        201: "The contact was created.",
        409: "Another contact has this e-mail address, phone number or external id.",
    }
)
@needs(Role.ADMIN)
def upsert_contact(
    document: Annotated[ContactPatch, Body()], by: By, name: IdName = None
) -> Response[ContactView]:
    """Changes a contact, or creates one. `by` names the field of the body by which the contact is
    found: a contact with the same value is changed, as PATCH /v1/contacts/{id} changes it. If no
    contact has this value, the body becomes a new contact. A repeated request changes nothing."""
    if (by == EXTERNAL_ID) != (name is not None):
        problem = "is required with" if by == EXTERNAL_ID else "is only for"
        raise InvalidInputError(f"name {problem} by=externalId", field="name")
    workspace_id = require_role(router).workspace_id
    contact, is_new = services().contacts.upsert(
        workspace_id, by, name, sent_fields(document), consent_source(router)
    )
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return tagged(contact_view(contact), status)


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
    """Replaces a whole contact. Fields that are not sent are removed, except consents, which then
    stay. A withdrawn consent is given again only if it is sent as true. If it was withdrawn on a
    single channel, it must be sent as true for that channel. The body may be what GET answered."""
    workspace_id = require_role(router).workspace_id
    return _edits().replace(workspace_id, contact_id, document, if_match)


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
    return _edits().patch(workspace_id, contact_id, document, if_match)


@router.post("/v1/contacts/<contact_id>/erase", tags=["Contacts"], status_code=202)
@answers({409: "Other changes to the contact kept getting in the way. Try again."})
@needs(Role.ADMIN)
def erase_contact(
    contact_id: str, document: Annotated[EraseDocument | None, Body()] = None
) -> ErasureView:
    """Erases a person permanently. The contact is erased at once; its open runs are canceled and
    its unsent messages stopped. All other data about the person is erased after that. A repeated
    request returns the progress of the erasure."""
    who = require_role(router)
    erases = services().erasing
    reason = document.reason if document else None
    return erasure_view(erases.erase(who.workspace_id, contact_id, reason, who.email))
