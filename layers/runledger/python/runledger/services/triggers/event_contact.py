"""Finds, creates and fills the contact of an event, as its trigger says."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from runledger.errors import (
    ConflictError,
    InvalidInputError,
    NoContactError,
    NotFoundError,
    TransientError,
)
from runledger.models.contact import ContactChange
from runledger.paths import read
from runledger.services.contacts.contact_fields import field_values
from runledger.store.contacts import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runledger.models.contact import ContactIdentity
    from runledger.nodes.webhook_intake import ContactLookup, WebhookIntake
    from runledger.services.contacts.contacts import Contacts

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EventContacts:
    contacts: "Contacts"

    def find(
        self, workspace_id: str, intake: "WebhookIntake", body: dict[str, Any]
    ) -> "ContactIdentity | None":
        """Returns the contact that the trigger's lookup finds in the body of an event; None without
        a lookup. If the trigger says so, creates a missing contact and fills its fields.

        Raises NoContactError, InvalidInputError with the path of a wrong value, or TransientError
        if the contact is being changed."""
        lookup = intake.contact_lookup
        if lookup is None:
            return None
        value = lookup_value(lookup, body)
        fields = _fields(intake, body)
        try:
            return self._found(workspace_id, intake, lookup, value, fields)
        except ValueError as error:
            fault = f"{lookup.path} is not a valid {lookup.by}"
            raise InvalidInputError(f"{fault}: {error}", field=lookup.path, kept=fault) from error
        except NotFoundError as error:
            # The contact was erased between two reads. The event itself is valid.
            raise TransientError("the contact is being changed; send the event again") from error
        except ConflictError as error:
            path = _path_of(intake, error.field)
            if path is None:
                # The contact was created and deleted between two reads.
                raise TransientError(
                    "the contact is being changed; send the event again"
                ) from error
            message = f"the {error.field} at {path} belongs to another contact"
            raise InvalidInputError(message, field=path) from error

    def _found(
        self,
        workspace_id: str,
        intake: "WebhookIntake",
        lookup: "ContactLookup",
        value: str,
        fields: "Mapping[str, Any]",
    ) -> "ContactIdentity":
        if intake.create_if_missing:
            found, is_new = _naming_paths(
                intake,
                lambda: self.contacts.identify_or_create(
                    workspace_id, lookup.by, value, lookup.name, fields
                ),
            )
            if is_new:
                return found
        else:
            known = self.contacts.identify(workspace_id, lookup.by, value, lookup.name)
            if known is None:
                raise _no_contact(lookup)
            found = known
        if not (intake.update_contact and fields):
            return found
        change = ContactChange(fields=dict(fields))
        return identity_of(
            _naming_paths(intake, lambda: self.contacts.change(workspace_id, found.id, change))
        )


def lookup_value(lookup: "ContactLookup", body: dict[str, Any]) -> str:
    """Returns the value that identifies the contact. Raises InvalidInputError if there is none."""
    value = lookup.read(body)
    if not isinstance(value, str) or not value.strip():
        raise InvalidInputError(
            f"the payload has no text at {lookup.path}, which should be the contact's {lookup.by}",
            field=lookup.path,
        )
    return value


def _fields(intake: "WebhookIntake", body: dict[str, Any]) -> dict[str, Any]:
    return field_values({field: read(body, path) for field, path in intake.contact_fields.items()})


def _naming_paths(intake: "WebhookIntake", call: "Callable[[], T]") -> T:
    """Makes the call. If it fails because of a wrong field, the error names the field's path in the
    event."""
    try:
        return call()
    except InvalidInputError as error:
        path = _path_of(intake, error.field)
        if path is None:
            raise
        fault = f"the value at {path} is not a valid {_field_of(intake, path)}"
        raise InvalidInputError(f"{fault}: {error}", field=path, kept=fault) from error


def _path_of(intake: "WebhookIntake", field: str | None) -> str | None:
    """Returns the path in the event from which this field of the contact is filled, or None. A path
    may fill the whole field, only a part of it, or the object that contains it."""
    if field is None:
        return None
    for known, path in intake.contact_fields.items():
        if f"{known}.".startswith(f"{field}.") or f"{field}.".startswith(f"{known}."):
            return path
    return None


def _field_of(intake: "WebhookIntake", path: str) -> str:
    return next(field for field, each in intake.contact_fields.items() if each == path)


def _no_contact(lookup: "ContactLookup") -> NoContactError:
    return NoContactError(
        f"no contact has this {lookup.by}, and the trigger does not create contacts",
        field=lookup.path,
        kept=(
            f"no contact has the {lookup.by} at {lookup.path}, and the trigger does not create "
            "contacts"
        ),
    )
