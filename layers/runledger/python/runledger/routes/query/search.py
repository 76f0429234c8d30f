"""Searching a workspace: its history, contacts and automations."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.search import SearchView
from runledger.composition import services
from runledger.http import make_router
from runledger.routes.callers import require_role

router = make_router()


@router.get("/v1/search", tags=["Search"])
def search(
    q: Annotated[
        str,
        Query(
            description="The text to search for, 2 to 200 characters: an id, the value of a key, "
            "an e-mail address, a phone number, an external id, or the beginning of a name. Words "
            "find automations and failure groups."
        ),
    ],
) -> SearchView:
    """Finds runs, deliveries and refusals by id, runs by the value of a key, contacts by address or
    by the beginning of their name, and automations and failure groups by words. Ignores case,
    except in external ids and in the value at a trigger's `dedupePath`. Returns at most five of
    each kind, the best first."""
    return services().search.find(require_role(router).workspace_id, q)
