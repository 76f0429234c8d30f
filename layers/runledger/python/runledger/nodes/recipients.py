"""The recipients of a message: known at once, or found by a query."""

from abc import abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints

from runledger.errors import NodeError
from runledger.models.contact import Contact, Tag
from runledger.nodes.base import Visit
from runledger.nodes.fields import check_liquid, picks
from runledger.nodes.tools import ContactFinder, ContactQuery
from runledger.nodes.variants import VariantConfig
from runledger.templating import evaluate, text_of

MAX_ADDRESSES = 50
MAX_TAGS = 10


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person or address. `key` identifies it within the node's effect."""

    key: str
    contact: Contact | None
    address: str | None


class RecipientsConfig(VariantConfig):
    """Who gets the message."""

    discriminator: ClassVar[str] = "kind"
    kind: Any

    @property
    @abstractmethod
    def nobody(self) -> str:
        """The reason to report if there is no recipient."""

    def find(self, visit: Visit) -> list[Recipient]:
        """Returns the recipients, without duplicates. Raises TypeError if they are found by a
        query."""
        raise TypeError(f"recipients of kind {self.kind} are not a list; read them page by page")

    def query(self, finder: ContactFinder) -> ContactQuery:
        """Returns the query that finds the recipients page by page. Raises TypeError if they are a
        fixed list."""
        raise TypeError(f"recipients of kind {self.kind} are a list; there are no pages to read")

    @property
    def is_trigger_contact(self) -> bool:
        """Whether the message goes to the run's own contact."""
        return False

    @property
    def is_query(self) -> bool:
        return False

    @property
    def segment_ids(self) -> frozenset[str]:
        """The segments that the config uses. Activation copies them into the version."""
        return frozenset()


class TriggerContactRecipient(RecipientsConfig):
    """The contact of the run."""

    kind: Literal["TRIGGER_CONTACT"] = Field(description="Who gets the message.")

    @property
    def is_trigger_contact(self) -> bool:
        return True

    @property
    def nobody(self) -> str:
        return "the run has no contact"

    def find(self, visit: Visit) -> list[Recipient]:
        contact = visit.contact
        return [] if contact is None else [Recipient(contact.id, contact, None)]


class AdHocRecipients(RecipientsConfig):
    """Addresses written in the config. Each may contain Liquid, whose value may be a list of
    addresses."""

    kind: Literal["AD_HOC"] = Field(description="Who gets the message.")
    addresses: list[
        Annotated[
            str, StringConstraints(min_length=1, max_length=500), AfterValidator(check_liquid)
        ]
    ] = Field(
        min_length=1, max_length=MAX_ADDRESSES, description="Email addresses or phone numbers."
    )

    @property
    def nobody(self) -> str:
        return "every address is empty in this run"

    def find(self, visit: Visit) -> list[Recipient]:
        # Keyed in lower case, so that two spellings of an address get one message.
        found: dict[str, str] = {}
        for source in self.addresses:
            value = evaluate(source, visit.scope)
            for item in value if isinstance(value, list) else [value]:
                address = text_of(item).strip()
                if address:
                    found.setdefault(address.lower(), address)
        if len(found) > MAX_ADDRESSES:
            raise NodeError(
                "TOO_MANY_RECIPIENTS",
                f"the message has {len(found)} addresses; at most {MAX_ADDRESSES} are allowed; use "
                "a segment for more",
            )
        return [Recipient(address, None, address) for address in found.values()]


def _differ(tags: list[str]) -> list[str]:
    tag, count = Counter(tags).most_common(1)[0]
    if count > 1:
        raise ValueError(f"the tag {tag!r} is listed twice; remove one")
    return tags


@dataclass(frozen=True, slots=True)
class Tagged:
    """Selects contacts with all of the tags, or with any of them."""

    tags: tuple[str, ...]
    needs_all_tags: bool

    def matches(self, contact: Contact) -> bool:
        has = (tag in contact.tags for tag in self.tags)
        return all(has) if self.needs_all_tags else any(has)

    def unreadable(self, contact: Contact) -> str | None:
        return None


class SegmentRecipients(RecipientsConfig):
    """The contacts of a segment, as they are when the message is sent. The segment's rules are
    those at the automation's activation."""

    kind: Literal["SEGMENT"] = Field(description="Who gets the message.")
    segment_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="The segment.", json_schema_extra=picks("SEGMENT")
    )

    @property
    def nobody(self) -> str:
        return "no contact belongs to the segment"

    @property
    def is_query(self) -> bool:
        return True

    @property
    def segment_ids(self) -> frozenset[str]:
        return frozenset({self.segment_id})

    def query(self, finder: ContactFinder) -> ContactQuery:
        return finder.segment(self.segment_id)


class TagQueryRecipients(RecipientsConfig):
    """The contacts that have certain tags when the message is sent."""

    kind: Literal["TAG_QUERY"] = Field(description="Who gets the message.")
    tags: Annotated[
        list[Tag], Field(min_length=1, max_length=MAX_TAGS), AfterValidator(_differ)
    ] = Field(description="The tags, spelled as on the contacts.")
    match: Literal["ALL", "ANY"] = Field(
        default="ALL", description="ALL: a contact must have every tag. ANY: one tag is enough."
    )

    @property
    def nobody(self) -> str:
        return "no contact has these tags"

    @property
    def is_query(self) -> bool:
        return True

    def query(self, finder: ContactFinder) -> ContactQuery:
        return Tagged(tuple(self.tags), self.match == "ALL")
