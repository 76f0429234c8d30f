"""Templates as the API shows them."""

from pydantic import Field

from runledger.models.base import WireModel


class TemplateView(WireModel):
    """A message template."""

    id: str = Field(description="The template's id.")
    revision: int = Field(description="Grows with every change; the `ETag` without its quotes.")
    name: str = Field(description="The template's name.")
    channel: str = Field(description="The channel that it is written for.")
    subject: str | None = Field(description="The subject as Liquid; null for channels without one.")
    body: str = Field(description="The body as Liquid.")
    created_at: str = Field(description="When the template was created.")
    updated_at: str = Field(description="When the template was last changed.")
