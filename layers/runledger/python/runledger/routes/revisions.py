"""Revisions in HTTP: ETag in answers, If-Match in requests (RFC 9110, sections 8.8.3 and
13.1.1)."""

import re
from http import HTTPStatus
from typing import Annotated, Any, Protocol, TypeVar

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header

from runledger.errors import InvalidInputError
from runledger.models.base import WireModel
from runledger.services.revisions import ExpectedRevision

# A compressing proxy turns "12" into W/"12", or into "12-gzip": the same revision to us.
_ENTITY_TAG = r'\s*(?:W/)?"([^"]*?)(?:[-;]gzip|-br)?"\s*'

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description=(
            "The `ETag` that you read. If the revision has changed since, the answer is 412."
        ),
    ),
]


class _Revised(Protocol):
    @property
    def revision(self) -> int: ...


ViewT = TypeVar("ViewT", bound=WireModel)


def expected(if_match: str | None, *revisions: int | None) -> ExpectedRevision:
    """Returns the revision that a change is based on, as the If-Match header and `revisions` give
    it. `revisions` are those of the URL and of the body; one that was not sent is None. Raises
    InvalidInputError if the header is not valid, or if `revisions` differ."""
    sent = {each for each in revisions if each is not None}
    if len(sent) > 1:
        raise InvalidInputError(
            "the URL and the body give different revisions; send only one", field="revision"
        )
    return ExpectedRevision(_tags(if_match), next(iter(sent), None))


def _tags(header: str | None) -> frozenset[str] | None:
    if header is None or header.strip() == "*":
        return None
    found = [re.fullmatch(_ENTITY_TAG, part) for part in header.split(",")]
    if not all(found):
        raise InvalidInputError(
            'If-Match must be an ETag that the API sent, such as "12", or *', field="If-Match"
        )
    return frozenset(match[1] for match in found if match)


def tagged(view: ViewT, status: HTTPStatus = HTTPStatus.OK) -> Response[ViewT]:
    """Returns an answer with the view, and its revision as the ETag."""
    revised: Any = view
    return Response(status, "application/json", view, headers={"ETag": f'"{_revision(revised)}"'})


def _revision(view: _Revised) -> int:
    return view.revision


def same_id(sent: str | None, there: str) -> None:
    """Raises InvalidInputError if the body has another id than the path."""
    if sent is not None and sent != there:
        raise InvalidInputError(
            f"the body has the id {sent}, but the URL has {there}; send the same id or leave "
            "it out of the body",
            field="id",
        )
