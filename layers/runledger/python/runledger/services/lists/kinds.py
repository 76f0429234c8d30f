"""The kinds of rows that lists show, and the filters they take."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from runledger.models.delivery import DeliveryAttempt, DeliveryStatus
from runledger.models.refusal import Refusal, RefusalReason
from runledger.models.run import Run, RunStatus
from runledger.services.lists.key_filters import KeyFilter
from runledger.store import keys

if TYPE_CHECKING:
    from runledger.store.deliveries import DeliveryStore
    from runledger.store.refusals import RefusalStore
    from runledger.store.runs import RunStore


class ListedRow(Protocol):
    """The attributes of every listed row. Times are epoch milliseconds."""

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

    `phases` are all its statuses, in the order a row passes through them. Partitions are read in
    this order, so a row that moves meanwhile is seen twice, never missed. A status that rows return
    to appears twice. `bucket_of` returns the partition of a status. `read` returns the rows with
    the given ids and leaves out missing ones."""

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
            # Listed again, because a try that was refused temporarily returns to it.
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
    """The rows a list shows, and their order. Times are epoch milliseconds, both ends included.
    Empty `statuses` means every status. `error_group`, `recovery_id`, `key` and `among` apply to
    runs only; `among` are the list keys of all rows that the list may show, if they are known."""

    workspace_id: str
    statuses: frozenset[str]
    automation_id: str | None
    contact_id: str | None
    created_from: int
    created_to: int
    error_group: str | None = None
    newest_first: bool = True
    recovery_id: str | None = None
    among: tuple[str, ...] | None = None
    key: KeyFilter | None = None

    def admits(self, row: ListedRow, status: str, now: int) -> bool:
        """Whether a row belongs to the list. An index may lag behind its row, and an expired row
        may stay for days."""
        return (
            row.workspace_id == self.workspace_id
            and (not self.statuses or status in self.statuses)
            and (self.automation_id is None or row.automation_id == self.automation_id)
            and (self.contact_id is None or row.contact_id == self.contact_id)
            and self.created_from <= row.created_at <= self.created_to
            and row.expires_at > now
        )
