"""Replaces and patches stored things, while others may be editing them too."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from runledger.clock import Clock
from runledger.services.revisions import ANY_REVISION, ExpectedRevision, edit


class Editable(Protocol):
    @property
    def updated_at(self) -> int: ...
    @property
    def revision(self) -> int: ...


ThingT = TypeVar("ThingT", bound=Editable)
DocumentT = TypeVar("DocumentT")


class EditableStore(Protocol[ThingT]):
    def get(self, workspace_id: str, thing_id: str, /) -> ThingT: ...

    def replace(self, before: ThingT, after: ThingT, /) -> object:
        """Replaces the thing. Raises ConflictError if it was changed since `before` was read."""


@dataclass(frozen=True, slots=True)
class Editing(ABC, Generic[ThingT, DocumentT]):
    """Edits of one kind of thing, which clients write as a `DocumentT`."""

    store: EditableStore[ThingT]
    clock: Clock

    @abstractmethod
    def _patched(self, before: ThingT, changes: dict[str, Any]) -> DocumentT:
        """Returns the thing as a client would write it, with a JSON merge patch applied."""

    @abstractmethod
    def _changed(self, before: ThingT, document: DocumentT, now: int) -> ThingT:
        """Returns the thing as the document describes it, updated at `now`. Raises if that is not
        allowed."""

    def replace(
        self,
        workspace_id: str,
        thing_id: str,
        document: DocumentT,
        expected: ExpectedRevision = ANY_REVISION,
    ) -> ThingT:
        """Replaces the thing. A stale edit fails as `ExpectedRevision` describes."""
        return self._edit(workspace_id, thing_id, lambda before: document, expected)

    def patch(
        self,
        workspace_id: str,
        thing_id: str,
        changes: dict[str, Any],
        expected: ExpectedRevision = ANY_REVISION,
    ) -> ThingT:
        """Applies `changes` to the current thing as a JSON merge patch, then works as `replace`."""

        return self._edit(
            workspace_id, thing_id, lambda before: self._patched(before, changes), expected
        )

    def _edit(
        self,
        workspace_id: str,
        thing_id: str,
        document_of: Callable[[ThingT], DocumentT],
        expected: ExpectedRevision,
    ) -> ThingT:
        def change(before: ThingT) -> ThingT:
            # Two writes in one millisecond must differ, or the second would look like a write that
            # came in between.
            document = document_of(before)
            after = self._changed(before, document, max(self.clock(), before.updated_at + 1))
            self.store.replace(before, after)
            return after

        read = partial(self.store.get, workspace_id, thing_id)
        return edit(read, change, lambda thing: thing.revision, expected)
