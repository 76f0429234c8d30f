"""The base class of the channels that send a text to a phone number."""

from typing import TYPE_CHECKING, ClassVar

from runledger.channels.base import Channel
from runledger.models.addresses import normalize_phone
from runledger.template_markup import has_liquid

if TYPE_CHECKING:
    from runledger.models.contact import Contact
    from runledger.models.template import TemplateDocument


class PhoneChannel(Channel):
    """A channel whose addresses are phone numbers. `noun` is the word for a message in texts for
    people, such as "an SMS". `max_characters` is the provider's limit."""

    address_kind: ClassVar[str] = "PHONE"
    noun: ClassVar[str]
    max_characters: ClassVar[int]

    def address_of(self, contact: "Contact") -> str | None:
        return contact.phone

    def normalize(self, address: str) -> str:
        return normalize_phone(address)

    def template_problem(self, template: "TemplateDocument") -> tuple[str, str] | None:
        if template.subject:
            return ("subject", f"{self.noun} has no subject; leave out `subject`")
        if template.html is not None:
            return ("html", f"{self.noun} has no HTML; leave out `html`")
        if template.body is None:
            return ("body", f"{self.noun} needs a body")
        if not has_liquid(template.body) and (problem := self.too_long(template.body)):
            return ("body", problem)
        return None

    def too_long(self, body: str) -> str | None:
        """Says why the provider would refuse a text of this length; None if it would not."""
        if len(body) <= self.max_characters:
            return None
        return (
            f"{self.noun} may have at most {self.max_characters:,} characters; this one has "
            f"{len(body):,}"
        )
