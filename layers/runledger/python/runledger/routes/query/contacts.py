"""Reading contacts, their timelines and their imports."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.contact_imports import ImportPreviewView, ImportView
from runledger.api.contacts import ConsentsView, ContactView
from runledger.api.lists import ListView
from runledger.api.timeline import TimelineItemView, TimelineKind
from runledger.composition import services
from runledger.http import answers, make_router, needs
from runledger.models.workspace import Role
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import ContactText, Cursor, Limit
from runledger.routes.revisions import tagged

router = make_router()


@router.get("/v1/contacts", tags=["Contacts"])
def list_contacts(
    contact: ContactText = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[ContactView]:
    """Lists contacts, newest first. With `contact`, lists only that contact, if the workspace has
    it."""
    workspace_id = require_role(router).workspace_id
    if contact is not None:
        return services().resource_lists.contact_named(workspace_id, contact)
    return services().resource_lists.contacts(workspace_id, limit, cursor)


@router.get("/v1/contacts/<contact_id>", tags=["Contacts"])
@answers({410: "The contact was erased."})
def get_contact(contact_id: str) -> Response[ContactView]:
    """Returns one contact, with its revision as `ETag`. Answers 410 if the contact was erased."""
    from runledger.services.contacts.known_contact import known_contact
    from runledger.services.views.contacts import contact_view

    of = services().stores
    found = known_contact(of.contacts, of.erasures, require_role(router).workspace_id, contact_id)
    return tagged(contact_view(found))


@router.get("/v1/contacts/<contact_id>/consents", tags=["Contacts"])
@answers({410: "The contact was erased."})
def get_contact_consents(contact_id: str) -> ConsentsView:
    """Returns the consents of one contact and the record of their changes: when, by whom, and from
    where."""
    from runledger.services.contacts.known_contact import known_contact
    from runledger.services.views.contacts import consents_view

    of = services().stores
    workspace_id = require_role(router).workspace_id
    found = known_contact(of.contacts, of.erasures, workspace_id, contact_id)
    return consents_view(found, of.contacts.consent_record(workspace_id, contact_id))


@router.get("/v1/contacts/<contact_id>/timeline", tags=["Contacts"])
@answers({410: "The contact was erased."})
def get_contact_timeline(
    contact_id: str,
    kind: Annotated[list[TimelineKind] | None, Query(description="One or more kinds.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[TimelineItemView]:
    """Lists the runs, deliveries and refusals of one contact together, newest first. It includes
    messages that other contacts' runs sent to this contact."""
    workspace_id = require_role(router).workspace_id
    return services().timelines.page(workspace_id, contact_id, frozenset(kind or ()), limit, cursor)


@router.get("/v1/contacts/imports", tags=["Imports"])
def list_imports(limit: Limit = 50, cursor: Cursor = None) -> ListView[ImportView]:
    """Lists imports of contacts, newest first."""
    who = require_role(router)
    return services().import_queries.page(
        who.workspace_id, limit, cursor, may_link=who.may(Role.MEMBER)
    )


@router.get("/v1/contacts/imports/<import_id>", tags=["Imports"])
def get_import(import_id: str) -> ImportView:
    """Returns one import: its progress, and the link to its report."""
    who = require_role(router)
    return services().import_queries.one(who.workspace_id, import_id, may_link=who.may(Role.MEMBER))


@router.get("/v1/contacts/imports/<import_id>/preview", tags=["Imports"])
@answers({409: "The first part of the file is missing."})
@needs(Role.ADMIN)
def preview_import(import_id: str) -> ImportPreviewView:
    """Returns the columns of the uploaded file. Each column has its first values, and the field
    that its name suggests."""
    who = require_role(router)
    return services().import_queries.preview(who.workspace_id, import_id)
