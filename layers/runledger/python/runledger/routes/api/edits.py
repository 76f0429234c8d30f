"""The code that routes share to create, replace and patch a resource with a revision."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, Protocol, TypeVar

from aws_lambda_powertools.event_handler import Response

from runledger.api.documents import sent_fields
from runledger.models.base import WireModel
from runledger.routes.revisions import expected, same_id, tagged
from runledger.services.revisions import ExpectedRevision

ThingT = TypeVar("ThingT")
MadeT = TypeVar("MadeT", covariant=True)
ViewT = TypeVar("ViewT", bound=WireModel)


class EditingService(Protocol[MadeT]):
    def create(self, workspace_id: str, document: Any, /) -> MadeT: ...

    def replace(
        self, workspace_id: str, thing_id: str, document: Any, expected: ExpectedRevision, /
    ) -> MadeT: ...

    def patch(
        self,
        workspace_id: str,
        thing_id: str,
        changes: dict[str, Any],
        expected: ExpectedRevision,
        /,
    ) -> MadeT: ...


def _nothing(workspace_id: str, thing_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Edits(Generic[ThingT, ViewT]):
    """Creates, replaces and patches one kind of resource. Answers carry the revision as their ETag.
    `require` raises if the resource does not exist."""

    service: Callable[[], EditingService[ThingT]]
    view: Callable[[ThingT], ViewT]
    require: Callable[[str, str], object] = _nothing

    def create(self, workspace_id: str, document: Any) -> Response[ViewT]:
        made = self.service().create(workspace_id, document)
        return tagged(self.view(made), HTTPStatus.CREATED)

    def replace(
        self, workspace_id: str, thing_id: str, document: Any, if_match: str | None
    ) -> Response[ViewT]:
        same_id(document.id, thing_id)
        self.require(workspace_id, thing_id)
        wanted = expected(if_match, document.revision)
        after = self.service().replace(workspace_id, thing_id, document, wanted)
        return tagged(self.view(after))

    def patch(
        self, workspace_id: str, thing_id: str, document: Any, if_match: str | None
    ) -> Response[ViewT]:
        self.require(workspace_id, thing_id)
        wanted = expected(if_match, document.revision)
        after = self.service().patch(workspace_id, thing_id, sent_fields(document), wanted)
        return tagged(self.view(after))
