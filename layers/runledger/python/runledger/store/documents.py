"""Rows that clients write as whole documents, by workspace and id."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.store.keys import Key
from runledger.store.table import key_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.store.table import Table
    from runledger.store.values import Item


class Identified(Protocol):
    @property
    def id(self) -> str: ...


class Document(Identified, Protocol):
    @property
    def updated_at(self) -> int: ...


IdentifiedT = TypeVar("IdentifiedT", bound=Identified)
DocumentT = TypeVar("DocumentT", bound=Document)
# Makes a row's key from its workspace and id.
KeyOf = Callable[[str, str], Key]


def newest_rows(
    table: "Table",
    key_of: KeyOf,
    from_item: Callable[["Item"], IdentifiedT],
    workspace_id: str,
    limit: int,
    after: str | None,
) -> tuple[list[IdentifiedT], str | None]:
    """Returns a page of rows, newest first, after the row with the given id. Also returns the id of
    the last one if more follow."""
    key = key_of(workspace_id, after or "")
    start = dict(key_attributes(key)) if after else None
    page = table.query(key.pk, ascending=False, limit=limit, after=start)
    found = [from_item(item) for item in page.items]
    return found, found[-1].id if page.next and found else None


class DocumentStore(Generic[DocumentT]):
    """The store of one kind of document. `name` is the kind's name in error messages."""

    def __init__(
        self,
        table: "Table",
        name: str,
        key_of: KeyOf,
        to_item: Callable[[DocumentT], "Item"],
        from_item: Callable[["Item"], DocumentT],
    ) -> None:
        self._table = table
        self._name = name
        self._key_of = key_of
        self._to_item = to_item
        self._from_item = from_item

    def create(self, document: DocumentT) -> None:
        is_new = Attr("pk").not_exists()
        self._table.put(self._to_item(document), is_new)

    def replace(self, before: DocumentT, after: DocumentT) -> None:
        """Replaces a document. Raises ConflictError if the document was changed since `before` was
        read."""
        is_unchanged = Attr("updatedAt").eq(before.updated_at)
        try:
            self._table.put(self._to_item(after), is_unchanged)
        except ConditionFailedError as error:
            if error.item is None or self._from_item(error.item) != after:
                message = f"somebody else just changed the {self._name}; reload it and try again"
                raise ConflictError(message) from error
            # It is our own write: the SDK repeated it, because its answer was lost.

    def get(self, workspace_id: str, document_id: str) -> DocumentT:
        item = self._table.get(self._key_of(workspace_id, document_id), consistent=True)
        if item is None:
            raise NotFoundError(f"there is no {self._name} {document_id}")
        return self._from_item(item)

    def get_many(self, workspace_id: str, document_ids: "Iterable[str]") -> dict[str, DocumentT]:
        """Returns the documents that exist, by id."""
        wanted = [self._key_of(workspace_id, document_id) for document_id in document_ids]
        found = self._table.batch_get(wanted, consistent=True)
        return {item["sk"]: self._from_item(item) for item in found.values()}

    def newest(
        self, workspace_id: str, limit: int, after: str | None
    ) -> tuple[list[DocumentT], str | None]:
        """Returns a page of documents, as `newest_rows` does."""
        return newest_rows(self._table, self._key_of, self._from_item, workspace_id, limit, after)
