"""The erasers of a contact's data, one for each kind.

`RowEraser`s erase the rows in the contact's index; there is one for each id prefix. They remove a
row from the index last, because other data is found through it. A process that read a row before it
was blanked may still write personal data that belongs to it. So the erasure checks the row again
when no such process can still be at work. `Eraser`s erase data that is not in the contact's index.
Every eraser may be repeated at any time; a repeat finds nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from runledger.clock import MINUTE, Clock
from runledger.errors import ConditionFailedError, ConflictError, UnreadableError
from runledger.ids import id_floor
from runledger.models.addresses import Address
from runledger.models.attempt_transitions import erased
from runledger.models.erasure import CANCEL_REASON, ERASED_TEXT, Erasure
from runledger.models.run import Cancellation, Run
from runledger.services.bulk.exports import EXPORT_PREFIX
from runledger.services.bulk.imports import IMPORT_PREFIX
from runledger.services.bulk.visits import STALL
from runledger.store import keys
from runledger.store.run_rows import shown_run_from_item

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.services.bulk.export_removal import ExportRemoval
    from runledger.services.bulk.import_removal import ImportRemoval
    from runledger.services.execution.cancel import Canceler
    from runledger.store.automations import AutomationStore
    from runledger.store.bodies import Bodies
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.erased_runs import ErasedRunStore
    from runledger.store.failures import FailureStore
    from runledger.store.kept_events import KeptEventStore
    from runledger.store.refusals import RefusalStore
    from runledger.store.suppressions import SuppressionStore
    from runledger.store.table import Table
    from runledger.store.values import Item
    from runledger.store.workspaces import WorkspaceStore

# No function runs longer, except the one that calls other services: its claim has its own lease.
LONGEST_INVOCATION = MINUTE
_AUTOMATIONS_READ = 100


class RowEraser(Protocol):
    """Erases rows whose ids have one prefix."""

    def addresses(self, row: "Item") -> Iterable[Address]:
        """Returns the person's addresses that the row contains. The erasure stores them before it
        blanks the row."""

    def erase(self, erasure: Erasure, row: "Item") -> bool:
        """Erases the row and what it leads to. Returns whether the row must be looked at again."""


# Erases what lies elsewhere, by contact and addresses. Takes the time at which to stop, and returns
# how long (milliseconds) it must still be looked at.
Eraser = Callable[[Erasure, int], int]
# Erases something else that belongs to a run of the person.
PartEraser = Callable[[Erasure, Run], None]


@dataclass(frozen=True, slots=True)
class RunEraser:
    """Erases a run with its event, steps and files; `parts` erase the other rows that belong to
    it."""

    runs: "ErasedRunStore"
    bodies: "Bodies"
    canceler: "Canceler"
    parts: tuple[PartEraser, ...]
    clock: Clock

    def addresses(self, row: "Item") -> Iterable[Address]:
        run = shown_run_from_item(row)
        if run.contact_email is not None:
            yield Address("EMAIL", run.contact_email)
        if run.contact_phone is not None:
            yield Address("PHONE", run.contact_phone)

    def erase(self, erasure: Erasure, row: "Item") -> bool:
        run = shown_run_from_item(row)
        if not run.status.is_terminal and run.unreadable is None:
            self._cancel(erasure, run)
            ended = self.runs.read(run.id)
            if ended is None:
                return False
            run = ended
        now = self.clock()
        was_left = self.runs.blank_contents(run, now)
        files = self.bodies.delete_all(f"runs/{run.id}/")
        for part in self.parts:
            part(erasure, run)
        if run.erased_at is None:
            self.runs.blank_row(run, now)
            return True
        if was_left or files or not _is_quiet(run, run.erased_at, now):
            return True
        self.runs.release(run)
        return False

    def _cancel(self, erasure: Erasure, run: Run) -> None:
        canceled = Cancellation(by=erasure.requested_by, reason=CANCEL_REASON)
        try:
            self.canceler.cancel(run.workspace_id, run.id, canceled)
        except (ConflictError, UnreadableError):
            # It has ended by itself, or its row is damaged, so nothing can walk it.
            return


def _is_quiet(run: Run, since: int, now: int) -> bool:
    """Whether no process can still be working on the run, and all its messages are settled. Until
    then the run keeps its contact, because settling a message needs it."""
    if run.unreadable is not None:
        # Nothing can walk a damaged row or settle its messages.
        return now >= since + LONGEST_INVOCATION
    leases = (claim.lease_until for claim in run.open_claims.values())
    return run.due_at is None and now >= max([since, *leases]) + LONGEST_INVOCATION


@dataclass(frozen=True, slots=True)
class FailureEraser:
    """Removes a failed run from its failure group. Also erases the group's message if no other
    contact has failed the same way, because then it may be personal."""

    failures: "FailureStore"
    clock: Clock

    def __call__(self, erasure: Erasure, run: Run) -> None:
        group_id = run.error_group
        if group_id is None:
            return
        self.failures.erase_run(group_id, run.created_at, run.id)
        try:
            group = self.failures.find(group_id, consistent=True)
        except UnreadableError:
            # The group is damaged, so nobody reads its message.
            self.failures.erase_message(group_id)
            return
        if group is None or group.message == ERASED_TEXT:
            return
        own = (None, erasure.contact_id)
        members = self.failures.all_runs(group_id, self.clock())
        if all(each.contact_id in own for each in members):
            self.failures.erase_message(group_id)


@dataclass(frozen=True, slots=True)
class KeyEraser:
    """Deletes the items through which the run is found by its keys."""

    runs: "ErasedRunStore"

    def __call__(self, erasure: Erasure, run: Run) -> None:
        self.runs.delete_keys(run)


@dataclass(frozen=True, slots=True)
class RerunEraser:
    """Deletes reruns that were never opened because their request died after it had copied the
    event or steps. They have no row in the contact's index, so they are found through the first run
    of their family, which lists all reruns."""

    runs: "ErasedRunStore"
    clock: Clock

    def __call__(self, erasure: Erasure, run: Run) -> None:
        root = run.root_run_id or run.id
        for run_id, begun_at in self.runs.lost_reruns(root).items():
            self.runs.delete_rerun(run_id)
            if begun_at + LONGEST_INVOCATION <= self.clock():
                # No request can still write for it.
                self.runs.forget_rerun(root, run_id)


@dataclass(frozen=True, slots=True)
class DeliveryEraser:
    """Erases a message to the person, sent by any run."""

    deliveries: "DeliveryStore"
    workspaces: "WorkspaceStore"
    bodies: "Bodies"
    channels: "Mapping[str, Channel]"
    clock: Clock

    def addresses(self, row: "Item") -> Iterable[Address]:
        channel, address = self.channels.get(str(row.get("channel"))), row.get("address")
        if channel is not None and address and isinstance(address, str):
            yield Address(channel.address_kind, address)

    def erase(self, erasure: Erasure, row: "Item") -> bool:
        attempt = self.deliveries.find_shown(row["pk"].partition("#")[2])
        if attempt is None:
            return False
        now = self.clock()
        try:
            if attempt.erased_at is None:
                shards = self.workspaces.cached(attempt.workspace_id).shards
                channel = self.channels.get(attempt.channel)
                if channel is not None and channel.is_found_by_provider_id:
                    # First, because it is found through the row.
                    self.deliveries.forget_sent(attempt)
                self.deliveries.change(attempt, erased(attempt, now), shards)
            files = self.bodies.delete_all(f"deliveries/{attempt.id}/")
            if attempt.erased_at is None or files or now < attempt.erased_at + LONGEST_INVOCATION:
                return True
            self.deliveries.release(attempt)
        except ConditionFailedError:
            # A try or a report was written at the same time.
            return True
        return False


@dataclass(frozen=True, slots=True)
class RefusalEraser:
    """Erases a refusal, and its event if that is kept. Later writes cannot bring personal data
    back, because they change only the refusal's count and its replay."""

    refusals: "RefusalStore"
    events: "KeptEventStore"
    clock: Clock

    def addresses(self, row: "Item") -> Iterable[Address]:
        return ()

    def erase(self, erasure: Erasure, row: "Item") -> bool:
        refusal_id = row["pk"].partition("#")[2]
        # The row leaves the contact's index last.
        self.events.delete_of_refusal(refusal_id)
        self.refusals.erase(refusal_id, self.clock())
        return True


def _reached(erasure: Erasure) -> list[Address]:
    """Returns the addresses that messages can reach, in order."""
    return sorted(address for address in erasure.addresses if not address.is_external)


@dataclass(frozen=True, slots=True)
class SuppressionEraser:
    """Replaces a suppressed address by its hash, so it stays suppressed but is no longer shown.
    Keeps an address that now belongs to another contact."""

    suppressions: "SuppressionStore"
    contacts: "ContactStore"

    def __call__(self, erasure: Erasure, until: int) -> int:
        workspace_id = erasure.workspace_id
        for address in _reached(erasure):
            if self.contacts.find_address(workspace_id, *address) is None:
                self.suppressions.erase(workspace_id, *address)
        return 0


@dataclass(frozen=True, slots=True)
class FrequencyEraser:
    """Erases the counts of messages that the person got, by contact and by address."""

    table: "Table"
    channels: "Mapping[str, Channel]"

    def __call__(self, erasure: Erasure, until: int) -> int:
        kinds = {channel.address_kind for channel in self.channels.values()}
        named = [Address(kind, erasure.contact_id) for kind in sorted(kinds)] + _reached(erasure)
        for kind, who in named:
            self.table.delete(keys.frequency(erasure.workspace_id, kind, who))
        return 0


@dataclass(frozen=True, slots=True)
class TextedEraser:
    """Deletes the records of the last marketing SMS to each of the person's phone numbers. Such a
    record connects an answer, such as STOP, with the message. Keeps the record of a number that now
    belongs to another contact."""

    deliveries: "DeliveryStore"
    contacts: "ContactStore"

    def __call__(self, erasure: Erasure, until: int) -> int:
        workspace_id = erasure.workspace_id
        for kind, address in _reached(erasure):
            is_phone = kind == "PHONE"
            if is_phone and self.contacts.find_address(workspace_id, kind, address) is None:
                self.deliveries.forget_texted(workspace_id, address)
        return 0


@dataclass(frozen=True, slots=True)
class EntryEraser:
    """Erases the records of the automations that the person entered. The re-entry rule ONCE does
    not need them, because the id of an erased contact can never enter again."""

    table: "Table"
    automations: "AutomationStore"

    def __call__(self, erasure: Erasure, until: int) -> int:
        after: str | None = None
        while True:
            page, after = self.automations.newest(erasure.workspace_id, _AUTOMATIONS_READ, after)
            entries = [keys.reentry(each.id, erasure.contact_id) for each in page]
            for key in self.table.batch_get(entries, consistent=True):
                self.table.delete(key)
            if after is None:
                return 0


@dataclass(frozen=True, slots=True)
class ExportEraser:
    """Deletes all exports that may have read a row before it was blanked, because the person may be
    in any of them."""

    removal: "ExportRemoval"
    clock: Clock

    def __call__(self, erasure: Erasure, until: int) -> int:
        before = id_floor(EXPORT_PREFIX, erasure.blanked_at)
        return _delete_older(self.removal, erasure, before, lambda: self.clock() > until)


@dataclass(frozen=True, slots=True)
class ImportEraser:
    """Deletes the files of all imports that were created before the erasure was requested, because
    the person may be in any of these files. The rows of the imports were deleted before the
    contact. An import that was running at that time may have stored another file later."""

    removal: "ImportRemoval"
    clock: Clock

    def __call__(self, erasure: Erasure, until: int) -> int:
        before = id_floor(IMPORT_PREFIX, erasure.requested_at)
        return _delete_older(self.removal, erasure, before, lambda: self.clock() > until)


def _delete_older(
    removal: "ExportRemoval | ImportRemoval",
    erasure: Erasure,
    before: str,
    is_late: Callable[[], bool],
) -> int:
    """Deletes the workspace's exports or imports with ids before `before`, until none is left or it
    is late. Returns the milliseconds to wait before looking again, or 0 if nothing was found."""
    found = 0
    while deleted := removal.delete_some(erasure.workspace_id, before):
        found += deleted
        if is_late():
            break
    # Some may be left for lack of time, and a visit at work may still leave an object.
    return STALL if found else 0
