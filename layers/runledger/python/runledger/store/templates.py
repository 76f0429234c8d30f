"""Message templates of a workspace."""

from typing import TYPE_CHECKING

from runledger.models.template import Template
from runledger.store import keys
from runledger.store.documents import DocumentStore
from runledger.store.table import key_attributes

if TYPE_CHECKING:
    from runledger.store.table import Table
    from runledger.store.values import Item


class TemplateStore(DocumentStore[Template]):
    def __init__(self, table: "Table") -> None:
        super().__init__(table, "template", keys.template, _to_item, _from_item)


def _to_item(template: Template) -> "Item":
    return {
        **key_attributes(keys.template(template.workspace_id, template.id)),
        "workspaceId": template.workspace_id,
        "name": template.name,
        "channel": template.channel,
        "subject": template.subject,
        "body": template.body,
        "html": template.html,
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
        body=item.get("body"),
        html=item.get("html"),
        created_at=item["createdAt"],
        updated_at=item["updatedAt"],
    )
