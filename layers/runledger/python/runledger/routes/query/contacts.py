"""Reading contacts and their timelines."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.contacts import ContactView
from runledger.api.lists import ListView
from runledger.api.timeline import TimelineItemView, TimelineKind
from runledger.composition import services
from runledger.http import answers, make_router
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


@router.get("/v1/contacts/<contact_id>/timeline", tags=["Contacts"])
@answers({410: "The contact was erased."})
def get_contact_timeline(
    contact_id: str,
    kind: Annotated[list[TimelineKind] | None, Query(description="One or more kinds.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ListView[TimelineItemView]:
    """Lists the runs, deliveries and refusals of one contact together, newest first. It includes
    messages that other contacts' runs sent to this one."""
    workspace_id = require_role(router).workspace_id
    return services().timelines.page(workspace_id, contact_id, frozenset(kind or ()), limit, cursor)
