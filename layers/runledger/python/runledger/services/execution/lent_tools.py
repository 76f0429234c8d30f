"""The tools that a function gives to a visit of one of its nodes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from runledger.nodes.tools import Tools

if TYPE_CHECKING:
    from runledger.services.execution.node_claims import NodeClaim
    from runledger.services.retry_budget import RetryBudget
    from runledger.services.runs.run_context import RunContext
    from runledger.store.row_reads import RowRead


@dataclass(frozen=True, slots=True)
class LentTools:
    """A visit's tools. `reads` are rows that the tools need; the visit reads them in the same call
    as the first rows that it needs itself."""

    tools: Tools
    reads: "tuple[RowRead, ...]" = ()


class Toolbox(Protocol):
    """Makes the tools that one function may give to its nodes."""

    def lend(
        self, context: "RunContext", claim: "NodeClaim", retry_budget: "RetryBudget"
    ) -> LentTools:
        """Returns the tools for one visit; `retry_budget` limits how long to retry writes."""
