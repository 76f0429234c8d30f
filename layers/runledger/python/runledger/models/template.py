"""Message templates: Liquid text for one channel."""

from typing import Annotated

from pydantic import Field, StringConstraints

from runledger.models.automation import Name
from runledger.models.base import Model, WireModel

# A template reads its recipient's unsubscribe link by this name. In a rendered text, a place of
# the same form stands for it: the link itself is put in when the message is sent, so that nobody
# who may read the message here can unsubscribe its recipient.
UNSUBSCRIBE_VARIABLE = "unsubscribeUrl"
UNSUBSCRIBE_PLACE = "https://unsubscribe.invalid/link"


class TemplateDocument(WireModel):
    """A template as a client writes it. The channel decides which fields it needs."""

    name: Name = Field(description="The name that people see.")
    channel: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="The channel that the template is for: EMAIL, SMS or WHATSAPP."
    )
    subject: Annotated[str, StringConstraints(min_length=1, max_length=998)] | None = Field(
        default=None, description="The subject, in Liquid; only for channels that have one."
    )
    body: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] | None = Field(
        default=None,
        description=(
            "The body as plain text, in Liquid. An e-mail with `html` may leave it out: it is then "
            "made from the HTML."
        ),
    )
    html: Annotated[str, StringConstraints(min_length=1, max_length=200_000)] | None = Field(
        default=None,
        description=(
            "The body as HTML, in Liquid; only for EMAIL. Values are escaped, except those with "
            "the filter `safe`. Without it, the HTML is made from `body`."
        ),
    )


class Template(Model):
    """A stored template; times are epoch milliseconds."""

    workspace_id: str
    id: str
    name: str
    channel: str
    subject: str | None
    body: str | None
    html: str | None = None
    created_at: int
    updated_at: int

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self.updated_at

    def document(self) -> TemplateDocument:
        """Returns the template as a client would write it."""
        return TemplateDocument(
            name=self.name,
            channel=self.channel,
            subject=self.subject,
            body=self.body,
            html=self.html,
        )
