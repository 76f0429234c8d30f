"""Marks the hours whose totals may have changed, from the table's stream.

A mark only asks for a recount. So repeated, late or reordered changes do no harm, and one mark
serves all changes until the recount removes it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from runledger.clock import HOUR, MINUTE, SECOND, Clock
from runledger.errors import ConditionFailedError, TransientError
from runledger.models.totals import HourTotal, Scope, hour_of
from runledger.observability import log_failure
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.store.freshness import FreshnessStore
    from runledger.store.totals import TotalStore

# How long to wait after an hour's mark, and after its end, so that many changes share a recount.
QUIET = 45 * SECOND
# An hour that keeps changing is recounted more and more rarely: the wait grows with the time since
# it first changed, up to this.
LONGEST_QUIET = 15 * MINUTE
# Spreads the recounts of an hour's scopes, because the hour ends for all of them at once.
SPREAD = 5 * MINUTE
# A mark stays at least until the recount is due, so an hour that was seen marked need not be read
# again before. It is read once in this time all the same, and never shortly before the recount,
# because clocks differ a little.
KNOWN_FOR = MINUTE
_CLOCKS_DIFFER = 10 * SECOND
# How many hours a process keeps in mind.
_MOST_KNOWN = 10_000
# A try is lost only if the tick or another reader of the stream changed the item.
_TRIES = 8

Image = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HourChange:
    """What a batch of changes says about the rows of one hour: the times, rounded to the hour,
    between which the changed rows expire, and whether any of these rows still exists."""

    expires_from: int
    expires_by: int
    is_there: bool

    def joined(self, other: "HourChange") -> "HourChange":
        """Joins two changes. Prefers a live row's expiry to a deleted row's."""
        if self.is_there != other.is_there:
            return self if self.is_there else other
        return HourChange(
            min(self.expires_from, other.expires_from),
            max(self.expires_by, other.expires_by),
            self.is_there,
        )


@dataclass(frozen=True, slots=True)
class BatchChanges:
    """A batch's changes: the hours with changed rows, and the newest pulses."""

    hours: dict[tuple[Scope, int], HourChange] = field(default_factory=dict)
    pulses: dict[int, int] = field(default_factory=dict)


def changes_in(records: Iterable[Mapping[str, Any]]) -> BatchChanges:
    """Returns the changes in a batch. A record that cannot be read is logged and skipped, because
    it will never be readable."""
    changes = BatchChanges()
    for record in records:
        change = record.get("dynamodb", {})
        try:
            _collect(changes, change)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            key = change.get("Keys", {}).get("pk", {}).get("S", "unknown")
            log_failure("stream record cannot be read", error, row=str(key))
    return changes


def _collect(changes: BatchChanges, change: Mapping[str, Any]) -> None:
    key, sort = change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"]
    before, after = change.get("OldImage"), change.get("NewImage")
    if sort == keys.pulse(0).sk:
        if after is not None:
            number, moment = keys.pulse_number(key), int(after["at"]["N"])
            changes.pulses[number] = max(moment, changes.pulses.get(number, 0))
        return
    if sort not in _COUNTED_ROWS or _what_counts(before) == _what_counts(after):
        return
    for image in (before, after):
        if image is None or not _is_listed(image):
            continue
        expires_at = int(image["ttl"]["N"]) * SECOND
        hour_change = HourChange(hour_of(expires_at), hour_of(expires_at) + HOUR, after is not None)
        hour = hour_of(keys.created_at_of(image["createdKey"]["S"]))
        for scope in _COUNTED_ROWS[sort](image):
            known = changes.hours.get((scope, hour))
            changes.hours[scope, hour] = hour_change if known is None else known.joined(hour_change)


def _is_listed(image: Image) -> bool:
    """Whether the row is in a list. A delivery is in none before its first try ends."""
    return "gsi1pk" in image


def _what_counts(image: Image | None) -> tuple[str, ...] | None:
    """Returns the parts of a row that totals depend on, or None if it is in no list."""
    if image is None or not _is_listed(image):
        return None
    status = image.get("status", {}).get("S", "")
    return (image["gsi1pk"]["S"], status, image["ttl"]["N"], image["createdKey"]["S"])


def _scopes_of(kind: keys.Kind) -> Callable[[Image], list[Scope]]:
    """Returns a function for a row's scopes: the workspace, and the automation if there is one."""

    def scopes(image: Image) -> list[Scope]:
        workspace_id = image["workspaceId"]["S"]
        found = [Scope(workspace_id, kind.value, None)]
        if "automationId" in image:
            found.append(Scope(workspace_id, kind.value, image["automationId"]["S"]))
        return found

    return scopes


# The scopes that a row is counted in, by its sort key.
_COUNTED_ROWS: dict[str, Callable[[Image], list[Scope]]] = {
    keys.run("").sk: _scopes_of(keys.Kind.RUN),
    keys.delivery("").sk: _scopes_of(keys.Kind.DELIVERY),
    keys.refusal("").sk: _scopes_of(keys.Kind.REFUSAL),
}


class _KnownMark(NamedTuple):
    """An hour's total with its mark, and until when it need not be read again."""

    total: HourTotal
    until: int

    def serves(self, hour_change: HourChange, now: int) -> bool:
        """Whether the stored mark also covers this change."""
        if now >= self.until:
            return False
        return not hour_change.is_there or (
            self.total.expires_from <= hour_change.expires_from
            and hour_change.expires_by <= self.total.expires_by
        )


@dataclass(frozen=True, slots=True)
class TotalMarker:
    totals: "TotalStore"
    freshness: "FreshnessStore"
    clock: Clock
    _known: dict[tuple[Scope, int], _KnownMark] = field(default_factory=dict)

    def mark(self, changes: BatchChanges) -> None:
        """Marks the changed hours that are not marked yet, then records the pulses. So a reader of
        a pulse also finds the marks of all changes before it. If this raises, the batch must be
        delivered again."""
        now = self.clock()
        unknown = {
            key: hour_change
            for key, hour_change in changes.hours.items()
            if key not in self._known or not self._known[key].serves(hour_change, now)
        }
        found = self.totals.get_many(unknown)
        for (scope, hour), hour_change in unknown.items():
            total = self._mark(scope, hour, hour_change, found.get((scope, hour)))
            self._keep_in_mind(total, now)
        self.freshness.record_pulses(changes.pulses)

    def _keep_in_mind(self, total: HourTotal | None, now: int) -> None:
        """Remembers a stored total, if it has a mark. `now` is a time before the total was read or
        written."""
        if total is None or not total.is_marked or total.due_at is None:
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        until = min(now + KNOWN_FOR, total.due_at - _CLOCKS_DIFFER)
        self._known[total.scope, total.hour] = _KnownMark(total, until)

    def _mark(
        self, scope: Scope, hour: int, hour_change: HourChange, found: HourTotal | None
    ) -> HourTotal | None:
        """Marks an hour if necessary, and returns its stored total, if there is one."""
        for _ in range(_TRIES):
            marked = self._marked(scope, hour, hour_change, found)
            if marked is None:
                return found
            try:
                return self.totals.replace(found, marked)
            except ConditionFailedError:
                found = self.totals.at(keys.total(*scope, hour))
        raise TransientError(f"the total of {scope} kept changing; try again")

    def _marked(
        self, scope: Scope, hour: int, hour_change: HourChange, found: HourTotal | None
    ) -> HourTotal | None:
        """Returns the hour's total with a mark. Returns None if nothing must be written: the hour
        is marked already, or all its rows have expired."""
        now = self.clock()
        total = found or HourTotal(
            scope=scope,
            hour=hour,
            counts={},
            counted_at=None,
            holds_until=0,
            is_marked=False,
            due_at=None,
            unsettled_since=None,
            expires_from=hour_change.expires_from,
            expires_by=hour_change.expires_by,
            revision=0,
        )
        if hour_change.is_there:
            total = total.changed(
                expires_from=min(total.expires_from, hour_change.expires_from),
                expires_by=max(total.expires_by, hour_change.expires_by),
            )
        if total.expires_by <= now:
            # All rows of the hour have expired, so none counts, even if it still exists.
            return None
        if total.is_marked and total == found:
            return None
        since = total.unsettled_since
        if total.due_at is None or since is None:
            since = now
        due_at = _due_at(total, since, now)
        return total.changed(is_marked=True, due_at=due_at, unsettled_since=since)


def _due_at(total: HourTotal, since: int, now: int) -> int:
    """Returns when to recount an hour that is marked `now` and has been unsettled since `since`."""
    if total.is_marked and total.due_at is not None:
        # Keep the time, or an expiry range that keeps widening would postpone it forever.
        return total.due_at
    end = total.hour + HOUR
    if now < end:
        return end + QUIET + keys.shard_of(keys.totals(*total.scope), SPREAD)
    quiet = min(max(QUIET, now - max(since, end)), LONGEST_QUIET)
    # If the tick postponed the hour because it could not be counted, a mark does not shorten that.
    return max(now + quiet, total.due_at or 0)
