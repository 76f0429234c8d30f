"""Turns what a search found into its answer."""

from typing import TYPE_CHECKING, NamedTuple

from runledger.api.search import FoundType, FoundView
from runledger.clock import iso

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.contact import Contact
    from runledger.models.delivery import DeliveryAttempt
    from runledger.models.failure import FailureGroup
    from runledger.models.refusal import Refusal
    from runledger.models.run import Run

_BETWEEN = " · "


class Hit(NamedTuple):
    """Something that was found. The lowest rank is shown first."""

    rank: int
    view: FoundView


def run_found(run: "Run") -> FoundView:
    parts = [f"{key.name} {key.value}" for key in run.keys]
    if run.erased_at is None:
        parts.append(run.contact_email or run.contact_phone or "")
    return FoundView(
        type=FoundType.RUN,
        id=run.id,
        title=run.automation_name,
        subtitle=_joined([_word(run.status), *parts]),
        href=f"/runs/{run.id}",
        status=run.status,
        at=iso(run.created_at),
    )


def delivery_found(attempt: "DeliveryAttempt") -> FoundView:
    address = "" if attempt.erased_at is not None else attempt.address
    return FoundView(
        type=FoundType.DELIVERY,
        id=attempt.id,
        title=attempt.subject or attempt.channel,
        subtitle=_joined([_word(attempt.status), attempt.channel, address]),
        href=f"/delivery-ops/{attempt.id}",
        status=attempt.status,
        at=iso(attempt.created_at),
    )


def refusal_found(refusal: "Refusal") -> FoundView:
    return FoundView(
        type=FoundType.REFUSAL,
        id=refusal.id,
        title=refusal.automation_name,
        subtitle=_joined([_word(refusal.reason), refusal.message]),
        href=f"/refusals/{refusal.id}",
        status=refusal.reason,
        at=iso(refusal.created_at),
    )


def contact_found(contact: "Contact") -> FoundView:
    name = " ".join(filter(None, (contact.first_name, contact.last_name)))
    known = [each for each in (name, contact.email, contact.phone) if each]
    return FoundView(
        type=FoundType.CONTACT,
        id=contact.id,
        title=known[0] if known else contact.id,
        subtitle=_joined(known[1:]),
        href=f"/contacts/{contact.id}",
        status=None,
        at=None,
    )


def automation_found(automation: "Automation") -> FoundView:
    return FoundView(
        type=FoundType.AUTOMATION,
        id=automation.id,
        title=automation.name,
        subtitle=_word(automation.status),
        href=f"/automations/{automation.id}",
        status=automation.status,
        at=None,
    )


def group_found(group: "FailureGroup", automation_name: str | None) -> FoundView:
    status = "RESOLVED" if group.is_resolved else "OPEN"
    return FoundView(
        type=FoundType.FAILURE_GROUP,
        id=group.id,
        title=group.shown_title,
        subtitle=_joined([_word(status), automation_name or ""]),
        href=f"/failures/{group.id}",
        status=status,
        at=iso(group.listed_at),
    )


def _joined(parts: list[str]) -> str | None:
    return _BETWEEN.join(part for part in parts if part) or None


def _word(status: str) -> str:
    """Returns a status as a word: `Bad signature` for BAD_SIGNATURE."""
    return status.replace("_", " ").capitalize()
