"""Message templates: Liquid text for one channel."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.automation import Name
from runledger.models.base import Model, WireModel


class TemplateDocument(WireModel):
    """A template as a client writes it. The channel decides which fields it needs."""

    name: Name = Field(description="The name that people see.")
    channel: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="The channel that the template is for: EMAIL, SMS or WHATSAPP."
    )
    subject: Annotated[str, StringConstraints(min_length=1, max_length=998)] | None = Field(
        default=None, description="The subject, in Liquid; only for channels that have one."
    )
    body: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] = Field(
        description="The body, in Liquid."
    )


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

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self.updated_at

    def document(self) -> TemplateDocument:
        """Returns the template as a client would write it."""
        return TemplateDocument(
            name=self.name, channel=self.channel, subject=self.subject, body=self.body
        )
