"""The tools of nodes that call the internet."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.errors import NotFoundError, RunledgerError
from runledger.models.run import RunStatus
from runledger.nodes.tools import Tools
from runledger.observability import log_failure
from runledger.services.execution.lent_tools import LentTools
from runledger.services.runs.body_links import kept_body_key
from runledger.services.secrets.values import SecretValues, WorkspaceSecrets

if TYPE_CHECKING:
    from runledger.models.run import Run
    from runledger.nodes.tools import HttpCaller
    from runledger.services.execution.node_claims import NodeClaim
    from runledger.services.retry_budget import RetryBudget
    from runledger.services.runs.run_context import RunContext
    from runledger.store.bodies import Bodies
    from runledger.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class StepBodies:
    """Stores long texts of one step."""

    bodies: "Bodies"
    run: "Run"
    node_id: str

    def keep(self, name: str, text: str, content_type: str) -> str:
        return self.bodies.keep(text, kept_body_key(self.run, self.node_id, name), content_type)


@dataclass(frozen=True, slots=True)
class IntegrationTools:
    """Provides HTTP, the workspace's secrets, and pauses between retries; `sleep` takes seconds."""

    http: "HttpCaller"
    secrets: SecretValues
    runs: "RunStore"
    bodies: "Bodies"
    clock: Clock
    sleep: Callable[[float], None]

    def lend(
        self, context: "RunContext", claim: "NodeClaim", retry_budget: "RetryBudget"
    ) -> LentTools:
        tools = Tools(
            http=self.http,
            secrets=WorkspaceSecrets(self.secrets, context.workspace.id),
            bodies=StepBodies(self.bodies, context.run, claim.node_id),
            clock=self.clock,
            sleep=self.sleep,
            is_run_open=partial(_is_open, self.runs, context.run),
        )
        return LentTools(tools)


def _is_open(runs: "RunStore", run: "Run") -> bool:
    """Whether this visit's execution still owns the open run. Returns True if the run cannot be
    read: the visit may have made calls already, so it must continue."""
    try:
        found = runs.get(run.id)
    except NotFoundError:
        return False
    except RunledgerError as error:
        log_failure("could not check between two tries whether the run is open", error)
        return True
    return found.status is RunStatus.RUNNING and found.execution == run.execution
