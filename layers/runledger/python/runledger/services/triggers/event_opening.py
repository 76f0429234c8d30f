"""Opens the runs of an event: one, or one for each element of a split event."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from runledger.errors import (
    ConflictError,
    InvalidInputError,
    PayloadTooLargeError,
    RunledgerError,
    UnreadableError,
    UnsupportedMediaTypeError,
)
from runledger.services.triggers.event_contact import lookup_value
from runledger.services.triggers.open_run import OpenedRun, keyed_run_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runledger.models.automation import Automation
    from runledger.models.run import Run
    from runledger.nodes.webhook_intake import WebhookIntake
    from runledger.services.in_parallel import Gather
    from runledger.services.triggers.event_contact import EventContacts
    from runledger.services.triggers.event_reading import EventPart, ReadEvent
    from runledger.services.triggers.open_run import RunOpener, RunRequest
    from runledger.services.triggers.webhook_targets import Target
    from runledger.store.runs import RunStore

# What is wrong with an event itself, so that repeating it is of no use.
REFUSED = (InvalidInputError, ConflictError, PayloadTooLargeError, UnsupportedMediaTypeError)


@dataclass(frozen=True, slots=True)
class PartResult:
    """The run that a part opened, or why it was refused. With neither, the filter ignored it."""

    index: int
    opened: OpenedRun | None = None
    refused: RunledgerError | None = None

    @property
    def is_ignored(self) -> bool:
        return self.opened is None and self.refused is None


@dataclass(frozen=True, slots=True)
class TakenEvent:
    """What an admitted event led to: one result, or one for each element of a split event."""

    target: "Target"
    results: tuple[PartResult, ...]
    is_split: bool = False

    @property
    def run(self) -> "Run":
        """The run of an event that is not split and was not ignored."""
        (result,) = self.results
        assert result.opened is not None
        return result.opened.run

    @property
    def is_duplicate(self) -> bool:
        """Whether the event has runs, and all of them had been opened by an earlier request with
        the same event."""
        opened = [each.opened for each in self.results if each.opened is not None]
        return bool(opened) and all(each.is_duplicate for each in opened)

    @property
    def is_ignored(self) -> bool:
        return all(each.is_ignored for each in self.results)

    @property
    def is_refused(self) -> bool:
        """Whether elements were refused, and none opened a run."""
        return not self.is_ignored and all(each.opened is None for each in self.results)


@dataclass(frozen=True, slots=True)
class EventOpener:
    contacts: "EventContacts"
    opener: "RunOpener"
    runs: "RunStore"
    gather: "Gather"

    def open(
        self, automation: "Automation", intake: "WebhookIntake", request: "RunRequest"
    ) -> OpenedRun:
        """Finds or creates the event's contact, and opens the run. Call it only after the event was
        checked, because it may create a contact."""
        body = request.event.body
        contact = self.contacts.find(automation.workspace_id, intake, body)
        return self.opener.open(automation, contact, request)

    def open_each(
        self, automation: "Automation", intake: "WebhookIntake", event: "ReadEvent"
    ) -> list[PartResult]:
        """Opens a run for each element that is not ignored. Returns a result for each, in order.

        The runs' ids come from the elements' keys, so a repeat finds the runs that an earlier,
        interrupted call opened. Raises the first error that is not the event's own fault."""
        first, *others = _by_contact(intake, event.parts) or [[]]
        results = [self._open_part(automation, intake, part, {}) for part in first]
        known: dict[str, Run] = {}
        if any(each.opened is not None and each.opened.is_duplicate for each in results):
            # A repeat. It does not spend its time on what an earlier call did.
            known = self._existing(automation, [part for group in others for part in group])

        def attempt(group: "list[EventPart]") -> "list[PartResult] | RunledgerError":
            # Returned, not raised: the threads must be idle before the request is answered.
            try:
                return [self._open_part(automation, intake, part, known) for part in group]
            except RunledgerError as error:
                return error

        for outcome in self.gather([partial(attempt, group) for group in others]):
            if isinstance(outcome, RunledgerError):
                raise outcome
            results += outcome
        return sorted(results, key=lambda each: each.index)

    def _open_part(
        self,
        automation: "Automation",
        intake: "WebhookIntake",
        part: "EventPart",
        known: "Mapping[str, Run]",
    ) -> PartResult:
        if part.request is None:
            return PartResult(part.index, refused=part.fault)
        found = known.get(_run_id(automation, part) or "")
        if found is not None:
            return PartResult(part.index, OpenedRun(found, is_duplicate=True))
        try:
            return PartResult(part.index, self.open(automation, intake, part.request))
        except REFUSED as error:
            return PartResult(part.index, refused=error)
        except UnreadableError:
            # The run of an earlier call may be damaged. It must not keep the others out.
            damaged = next(iter(self._existing(automation, [part]).values()), None)
            if damaged is None:
                raise
            return PartResult(part.index, OpenedRun(damaged, is_duplicate=True))

    def _existing(self, automation: "Automation", parts: "list[EventPart]") -> "dict[str, Run]":
        ids = (_run_id(automation, part) for part in parts)
        return self.runs.get_many([run_id for run_id in ids if run_id is not None])


def _run_id(automation: "Automation", part: "EventPart") -> str | None:
    """Returns the id of the run that a part opens. Returns None if the id is not known before the
    run is opened, or if an existing run must be compared with the event."""
    request = part.request
    if request is None or request.dedupe_key is None or request.must_match:
        return None
    return keyed_run_id(automation.workspace_id, automation.id, request.dedupe_key)


def _by_contact(intake: "WebhookIntake", parts: "Iterable[EventPart]") -> "list[list[EventPart]]":
    """Returns the parts in groups that may be opened in parallel: elements for one contact stay in
    their order, because each may change the contact."""
    groups: dict[object, list[EventPart]] = {}
    for part in parts:
        who: object = part.index
        if intake.contact_lookup is not None and part.request is not None:
            try:
                who = lookup_value(intake.contact_lookup, part.request.event.body)
            except InvalidInputError:
                # Opening this part will raise the same error.
                who = part.index
        groups.setdefault(who, []).append(part)
    return list(groups.values())
