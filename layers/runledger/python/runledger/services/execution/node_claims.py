"""The claim of one visit: the right to do a node's work, which only one process has."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.errors import (
    ConditionFailedError,
    NotFoundError,
    RunReleasedError,
    StepInProgressError,
    TransientError,
)
from runledger.observability import log_failure
from runledger.store.run_rows import run_from_item

if TYPE_CHECKING:
    from runledger.models.run import Claim, Run
    from runledger.services.retry_budget import RetryBudget
    from runledger.services.runs.run_context import RunContext
    from runledger.store.runs import RunStore
    from runledger.store.table import Check, Modify


@dataclass(slots=True)
class NodeClaim:
    """Claims `node_id` for one visit: at once (`take`), or in the transaction of the node's first
    message (`write`). `replaces` is the expired claim to take over, if any."""

    runs: "RunStore"
    context: "RunContext"
    node_id: str
    value: "Claim"
    replaces: "Claim | None"
    is_written: bool = field(default=False, init=False)
    # An answer may be lost, so a claim that was sent may be written.
    is_sent: bool = field(default=False, init=False)

    @property
    def rank(self) -> int:
        return self.context.graph.topology.rank(self.node_id)

    def take(self) -> None:
        """Writes the claim. Raises RunReleasedError if this execution no longer owns the run, and
        StepInProgressError if another request is working on the node."""
        self.is_sent = True
        try:
            self.runs.claim(
                self.context.run, self.rank, self.value, replaces=self.replaces, left=self._left()
            )
        except ConditionFailedError as error:
            found = run_from_item(error.item) if error.item else None
            # The AWS client may have sent our own write twice because the first answer was lost.
            if found is None or not self._is_ours(found):
                self._require_owner(found)
                raise StepInProgressError("another request is working on this node") from error
        self.is_written = True

    def write(self) -> "Check | Modify":
        """Returns what the transaction that begins a message must write to the run's row: the claim
        or, if the claim is written already, a check that this execution still owns the run."""
        if self.is_written:
            return self.runs.owner_check(self.context.run)
        self.is_sent = True
        return self.runs.claiming(
            self.context.run, self.rank, self.value, replaces=self.replaces, left=self._left()
        )

    def written(self) -> None:
        """Notes that the transaction with `write` succeeded."""
        self.is_written = True

    def require_free(self) -> None:
        """Raises RunReleasedError if this execution no longer owns the run, and StepInProgressError
        if the node is already claimed. Call it after a transaction that contained `write` has
        failed, to find out why. Does nothing if an earlier transaction had already written the
        claim, because then the failed one did not claim the node."""
        if self.is_written:
            return
        try:
            found = self.runs.get(self.context.run.id)
        except NotFoundError:
            found = None
        self._require_owner(found)
        if found is not None and self.rank in found.claimed:
            raise StepInProgressError("another request is working on this node")

    def give_back(self, retry_budget: "RetryBudget") -> None:
        """Releases the claim if possible. If not, the next visit waits for the lease to end."""
        if not self.is_sent:
            return
        left = retry_budget.within(self.value.lease_until)
        try:
            left.retry(lambda: self.runs.release(self.context.run, self.rank, self.value))
        except TransientError as error:
            log_failure("a claim could not be released", error)

    def _left(self) -> list[int]:
        """Returns the ranks of the nodes before this one whose claims are still on the run's row.
        These nodes have finished, so their claims can be removed."""
        topology = self.context.graph.topology
        return [
            rank
            for rank in self.context.run.open_claims
            if topology.reaches(topology.node_at(rank), self.node_id)
        ]

    def _is_ours(self, found: "Run") -> bool:
        return found.open_claims.get(self.rank) == self.value and not found.status.is_terminal

    def _require_owner(self, found: "Run | None") -> None:
        is_owner = (
            found is not None
            and found.execution == self.context.run.execution
            and not found.status.is_terminal
        )
        if not is_owner:
            raise RunReleasedError("the run ended, or another execution took it")
