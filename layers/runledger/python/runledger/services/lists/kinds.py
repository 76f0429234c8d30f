"""What is listed: the kinds of rows, and the filters that lists of them take."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.refusal import Refusal, RefusalReason
from runledger.models.run import Run, RunStatus
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.refusals import RefusalStore
    from runledger.store.runs import RunStore


class ListedRow(Protocol):
    """What every kind of row that lists show has. Times are epoch milliseconds."""

    @property
    def workspace_id(self) -> str: ...
    @property
    def automation_id(self) -> str | None: ...
    @property
    def contact_id(self) -> str | None: ...
    @property
    def created_at(self) -> int: ...
    @property
    def expires_at(self) -> int: ...


RowT = TypeVar("RowT", bound=ListedRow)


@dataclass(frozen=True, slots=True)
class ListKind(Generic[RowT]):
    """A kind of row.

    `phases` are all statuses it can have, in the order a row comes to them: partitions are read in
    this order, so that a row that moves on meanwhile is met twice rather than never. A status that
    rows come back to is there twice. `bucket_of`
    tells which partition holds the rows of a status, and `read` finds rows by their ids, leaving
    out those that are gone."""

    kind: keys.Kind
    id_prefix: str
    phases: tuple[tuple[str, ...], ...]
    bucket_of: Callable[[str], str]
    status_of: Callable[[RowT], str]
    read: Callable[[Iterable[str]], Mapping[str, RowT]]

    @property
    def statuses(self) -> frozenset[str]:
        return frozenset(status for phase in self.phases for status in phase)


def runs_kind(store: "RunStore") -> ListKind[Run]:
    return ListKind(
        kind=keys.Kind.RUN,
        id_prefix="run_",
        phases=(
            (RunStatus.PENDING, RunStatus.RUNNING),
            (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED),
        ),
        bucket_of=lambda status: keys.run_bucket(RunStatus(status)),
        status_of=lambda run: run.status,
        read=store.get_many,
    )


def deliveries_kind(store: "DeliveryStore") -> ListKind[DeliveryAttempt]:
    return ListKind(
        kind=keys.Kind.DELIVERY,
        id_prefix="dlv_",
        phases=(
            (DeliveryStatus.QUEUED, DeliveryStatus.RETRYING),
            (DeliveryStatus.PROCESSING,),
            # Again, as a try that was refused for now leads back.
            (DeliveryStatus.RETRYING,),
            (DeliveryStatus.SENT, DeliveryStatus.SUPPRESSED, DeliveryStatus.DEAD_LETTERED),
            (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED),
        ),
        bucket_of=str,
        status_of=lambda attempt: attempt.status,
        read=store.shown,
    )


def refusals_kind(store: "RefusalStore") -> ListKind[Refusal]:
    return ListKind(
        kind=keys.Kind.REFUSAL,
        id_prefix="ref_",
        phases=(tuple(RefusalReason),),
        bucket_of=str,
        status_of=lambda refusal: refusal.reason,
        read=store.get_many,
    )


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What a list shows and in which order. Times are epoch milliseconds, both ends included;
    empty `statuses` means every status. `error_group` is of runs."""

    workspace_id: str
    statuses: frozenset[str]
    automation_id: str | None
    contact_id: str | None
    created_from: int
    created_to: int
    error_group: str | None = None
    newest_first: bool = True

    def admits(self, row: ListedRow, status: str, now: int) -> bool:
        """Whether a row belongs to the list. An index may lag behind its row, and rows outlive
        their time by days."""
        return (
            row.workspace_id == self.workspace_id
            and (not self.statuses or status in self.statuses)
            and (self.automation_id is None or row.automation_id == self.automation_id)
            and (self.contact_id is None or row.contact_id == self.contact_id)
            and self.created_from <= row.created_at <= self.created_to
            and row.expires_at > now
        )
