"""Message templates: Liquid text for one channel."""

from typing import Annotated

from pydantic import StringConstraints

from runledger.models.automation import Name
from runledger.models.base import Model, WireModel


class TemplateDocument(WireModel):
    """A template as a client writes it. Which fields a channel needs is the channel's to say."""

    name: Name
    channel: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=998)] | None = None
    body: Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class Template(Model):
    """A stored template; times are epoch milliseconds."""

    workspace_id: str
    id: str
    name: str
    channel: str
    subject: str | None
    body: str
    created_at: int
    updated_at: int

    def document(self) -> TemplateDocument:
        """As its author wrote it."""
        return TemplateDocument(
            name=self.name, channel=self.channel, subject=self.subject, body=self.body
        )
