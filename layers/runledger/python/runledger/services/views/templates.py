"""Templates as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.templates import TemplateView
from runledger.clock import iso

if TYPE_CHECKING:
    from runledger.models.template import Template


def template_view(template: "Template") -> TemplateView:
    return TemplateView(
        id=template.id,
        revision=template.revision,
        name=template.name,
        channel=template.channel,
        subject=template.subject,
        body=template.body,
        html=template.html,
        created_at=iso(template.created_at),
        updated_at=iso(template.updated_at),
    )
