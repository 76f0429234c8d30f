"""Creates and changes many contacts from the rows of an import."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.documents import validated
from runledger.errors import ConflictError, InvalidInputError, NotFoundError, TransientError
from runledger.models.consent import Consents, ConsentSetting
from runledger.models.contact import Contact, ContactDocument
from runledger.models.contact_import import RowOutcome
from runledger.models.contact_row import BadRow, ContactRow
from runledger.services.contacts.consents import Record, changed_consents
from runledger.services.contacts.contact_fields import changed
from runledger.services.contacts.contacts import contact_of
from runledger.store.contacts import belongs_to_another

if TYPE_CHECKING:
    from runledger.models.addresses import Address
    from runledger.services.contacts.contacts import Contacts
    from runledger.store.contacts import ContactStore


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What a row will do. `before` is the contact as it was read, or None if the row creates one.
    `after` is the contact with the row's values. `record` is the new record of the contact's
    consents, or None if none changes. `problem` says why the row fails, or what it leaves out."""

    row: ContactRow
    outcome: RowOutcome
    before: Contact | None = None
    after: Contact | None = None
    record: Record | None = None
    problem: BadRow | None = None


@dataclass(frozen=True, slots=True)
class RowResult:
    """What a row did. `problem` says why it failed, or what it left out."""

    number: int
    outcome: RowOutcome
    contact_id: str | None = None
    problem: BadRow | None = None


@dataclass(frozen=True, slots=True)
class ContactRows:
    """Plans and writes rows. A row changes the fields, tags and consents that it names, and leaves
    the others as they are."""

    store: "ContactStore"
    contacts: "Contacts"

    def plan(
        self,
        workspace_id: str,
        rows: Sequence[ContactRow],
        new_id: Callable[[ContactRow], str],
        now: int,
    ) -> list[RowPlan]:
        """Returns what each row will do to the contacts as they are stored. `new_id` returns the id
        of the contact that a row would create, and `now` is when it is created."""
        described = [_described(workspace_id, row, new_id(row), now) for row in rows]
        addresses = {row.by for row in rows} | {
            address for plan in described if plan.after for address in plan.after.addresses
        }
        owners = self.store.owner_ids(workspace_id, sorted(addresses))
        found_ids = {owners[row.by] for row in rows if row.by in owners}
        found = self.store.get_many(workspace_id, sorted(found_ids))
        # After the contacts, as `ContactStore.replace` wants it.
        records = self._records(workspace_id, rows, owners)
        plans = []
        for plan in described:
            before = found.get(owners.get(plan.row.by, ""))
            if plan.outcome is not RowOutcome.FAILED and before is not None:
                plan = _changing(plan.row, before, records, now)
            plans.append(_checked(plan, owners))
        return plans

    def _records(
        self, workspace_id: str, rows: Sequence[ContactRow], owners: "Mapping[Address, str]"
    ) -> dict[str, Record]:
        """Returns the records of consents that the rows may need, by contact id."""
        wanted = {owners[row.by] for row in rows if row.consents and row.by in owners}
        return self.store.consent_records(workspace_id, sorted(wanted)) if wanted else {}

    def write(self, plan: RowPlan) -> RowResult:
        """Does what the plan says, and returns what was done. If the contact was changed since the
        plan was made, the row is applied to the contact as it is now. Raises TransientError if
        others keep changing it."""
        row, before, after = plan.row, plan.before, plan.after
        if after is None or after is before or plan.outcome is RowOutcome.FAILED:
            contact_id = None if before is None else before.id
            return RowResult(row.number, plan.outcome, contact_id, plan.problem)
        try:
            if before is None:
                self.store.create(after, plan.record or ())
            else:
                self.store.replace(before, after, plan.record)
        except ConflictError as error:
            is_new = before is None
            return self._write_again(after.workspace_id, row, after.id if is_new else None, error)
        return RowResult(row.number, plan.outcome, after.id, plan.problem)

    def _write_again(
        self, workspace_id: str, row: ContactRow, new_id: str | None, conflict: ConflictError
    ) -> RowResult:
        contact_id = self.store.find_address(workspace_id, *row.by)
        if contact_id is None:
            return _failed(row, None, conflict)
        try:
            contact = self.contacts.change(workspace_id, contact_id, row.change)
            for setting in row.consents:
                contact = self.contacts.set_consent(
                    workspace_id, contact_id, *setting, source=row.source
                )
        except (InvalidInputError, NotFoundError) as error:
            return _failed(row, contact_id, error)
        except ConflictError as error:
            if error.field is not None:
                return _failed(row, contact_id, error)
            raise TransientError("other requests keep changing the contact; try again") from error
        # The write of the new contact fails if the SDK has repeated it.
        outcome = RowOutcome.CREATED if contact_id == new_id else RowOutcome.UPDATED
        return RowResult(row.number, outcome, contact_id, _withheld(row, contact.consents))


def _described(workspace_id: str, row: ContactRow, contact_id: str, now: int) -> RowPlan:
    """Returns the plan of a row that creates its contact."""
    try:
        document = validated(ContactDocument, changed({}, row.change))
        consents, record = changed_consents(Consents(), row.consents, row.source, now, tuple)
        after = contact_of(
            workspace_id, contact_id, document, consents=consents, created_at=now, now=now
        )
    except InvalidInputError as error:
        return RowPlan(row, RowOutcome.FAILED, problem=_bad(row, error))
    return RowPlan(row, RowOutcome.CREATED, None, after, record)


def _changing(row: ContactRow, before: Contact, records: Mapping[str, Record], now: int) -> RowPlan:
    """Returns the plan of a row that changes its contact, if something differs."""
    stored = before.document().model_dump(mode="json", by_alias=True, exclude={"consents"})
    # Two writes in one millisecond must differ.
    moment = max(now, before.updated_at + 1)
    try:
        document = validated(ContactDocument, changed(stored, row.change))
        consents, record = changed_consents(
            before.consents,
            row.consents,
            row.source,
            moment,
            lambda: records.get(before.id, ()),
        )
        after = contact_of(
            before.workspace_id,
            before.id,
            document,
            consents=consents,
            created_at=before.created_at,
            now=before.updated_at,
        )
    except InvalidInputError as error:
        return RowPlan(row, RowOutcome.FAILED, before, problem=_bad(row, error))
    problem = _withheld(row, consents)
    if after == before:
        return RowPlan(row, RowOutcome.UNCHANGED, before, before, None, problem)
    after = after.changed(updated_at=moment)
    return RowPlan(row, RowOutcome.UPDATED, before, after, record, problem)


def _checked(plan: RowPlan, owners: "Mapping[Address, str]") -> RowPlan:
    """Returns the plan, which fails if an address belongs to another contact."""
    row, after = plan.row, plan.after
    for address in after.addresses if after is not None else ():
        if after is not None and owners.get(address, after.id) != after.id:
            text = belongs_to_another(address.field)
            problem = BadRow(number=row.number, field=address.field, text=text)
            return RowPlan(row, RowOutcome.FAILED, plan.before, after, None, problem)
    return plan


def _withheld(row: ContactRow, consents: Consents) -> BadRow | None:
    """Returns the problem if a consent that the row gives stays withdrawn, otherwise None. The
    consent stays withdrawn if the row has no source, or no date after the withdrawal. `consents`
    are the contact's consents after the row."""
    for setting in row.consents:
        if setting.is_given and not consents.allows(setting.purpose, setting.channel):
            text = (
                "the consent was withdrawn and stays so. To give it again, the row needs its "
                "source, and a date after the withdrawal"
            )
            return BadRow(number=row.number, field=consent_field(setting), text=text)
    return None


def consent_field(setting: ConsentSetting) -> str:
    """Returns the path of the contact's field that holds a consent, such as
    `consents.channels.SMS.marketing`."""
    channel = f"channels.{setting.channel.value}." if setting.channel is not None else ""
    return f"consents.{channel}{setting.purpose.lower()}"


def _failed(
    row: ContactRow,
    contact_id: str | None,
    error: ConflictError | InvalidInputError | NotFoundError,
) -> RowResult:
    return RowResult(row.number, RowOutcome.FAILED, contact_id, _bad(row, error))


def _bad(row: ContactRow, error: ConflictError | InvalidInputError | NotFoundError) -> BadRow:
    field = None if isinstance(error, NotFoundError) else error.field
    # The report names the column.
    return BadRow(number=row.number, field=field, text=str(error).removeprefix(f"{field}: "))
