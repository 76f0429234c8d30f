"""Templates as the API shows them."""

from pydantic import Field

from runledger.models.base import WireModel


class TemplateView(WireModel):
    """A message template."""

    id: str = Field(description="The template's id.")
    revision: int = Field(description="Grows with every change. It is the `ETag` without quotes.")
    name: str = Field(description="The template's name.")
    channel: str = Field(description="The channel that the template is for.")
    subject: str | None = Field(description="The subject, in Liquid; null if the channel has none.")
    body: str | None = Field(
        description="The body as plain text, in Liquid; null if it is made from the HTML."
    )
    html: str | None = Field(
        description="The body as HTML, in Liquid; null if it is made from the plain text."
    )
    created_at: str = Field(description="When the template was created.")
    updated_at: str = Field(description="When the template was last changed.")
