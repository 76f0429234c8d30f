"""Message templates of a workspace."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.template import Template
from runledger.store import keys
from runledger.store.table import key_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.store.table import Table
    from runledger.store.values import Item


class TemplateStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def create(self, template: Template) -> None:
        is_new = Attr("pk").not_exists()
        self._table.put(_to_item(template), is_new)

    def replace(self, before: Template, after: Template) -> None:
        """ConflictError where it was changed since `before` was read."""
        is_unchanged = Attr("updatedAt").eq(before.updated_at)
        try:
            self._table.put(_to_item(after), is_unchanged)
        except ConditionFailedError as error:
            if error.item is None or _from_item(error.item) != after:
                raise ConflictError("the template was just changed by somebody else") from error
            # Our own write, sent again below us because its answer was lost.

    def get(self, workspace_id: str, template_id: str) -> Template:
        item = self._table.get(keys.template(workspace_id, template_id), consistent=True)
        if item is None:
            raise NotFoundError(f"there is no template {template_id}")
        return _from_item(item)

    def get_many(self, workspace_id: str, template_ids: "Iterable[str]") -> dict[str, Template]:
        """The ones that exist, by id."""
        wanted = [keys.template(workspace_id, id_) for id_ in template_ids]
        found = self._table.batch_get(wanted, consistent=True)
        return {item["sk"]: _from_item(item) for item in found.values()}

    def newest(
        self, workspace_id: str, limit: int, after: str | None
    ) -> tuple[list[Template], str | None]:
        """Newest first, after the template of that id; and the last id where more follow."""
        key = keys.template(workspace_id, after or "")
        start = dict(key_attributes(key)) if after else None
        page = self._table.query(key.pk, ascending=False, limit=limit, after=start)
        found = [_from_item(item) for item in page.items]
        return found, found[-1].id if page.next and found else None


def _to_item(template: Template) -> "Item":
    return {
        **key_attributes(keys.template(template.workspace_id, template.id)),
        "workspaceId": template.workspace_id,
        "name": template.name,
        "channel": template.channel,
        "subject": template.subject,
        "body": template.body,
        "createdAt": template.created_at,
        "updatedAt": template.updated_at,
    }


def _from_item(item: "Item") -> Template:
    return Template(
        workspace_id=item["workspaceId"],
        id=item["sk"],
        name=item["name"],
        channel=item["channel"],
        subject=item.get("subject"),
        body=item["body"],
        created_at=item["createdAt"],
        updated_at=item["updatedAt"],
    )
