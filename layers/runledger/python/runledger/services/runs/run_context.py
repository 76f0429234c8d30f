"""What a visit needs: the run's history, its version's graph, and the values Liquid sees.

The node types are imported when the first graph is read, because most requests read lists and need
no graph.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runledger.errors import NotFoundError, RunReleasedError
from runledger.models.event import event_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runledger.compiler.graph import GraphView
    from runledger.models.automation import Version
    from runledger.models.contact import Contact
    from runledger.models.rerun import RerunFacts
    from runledger.models.run import Run, RunStatus, Step
    from runledger.models.workspace import Workspace
    from runledger.store.automations import AutomationStore
    from runledger.store.contacts import ContactStore
    from runledger.store.row_reads import RowRead
    from runledger.store.run_reads import RunHistory
    from runledger.store.runs import RunStore
    from runledger.store.workspaces import WorkspaceStore

_GRAPHS_CACHED = 64
_MACHINE = re.compile(r"(aut_[0-9A-Z]+)-v\d+$")


@dataclass(frozen=True, slots=True)
class RunContext:
    """Everything about one run that a node may need, except its contact (`RunContexts.contact`)."""

    history: "RunHistory"
    version: "Version"
    graph: "GraphView"
    workspace: "Workspace"

    @property
    def run(self) -> "Run":
        return self.history.run

    @property
    def rerun(self) -> "RerunFacts | None":
        """Returns the facts of a rerun; None for any other run."""
        return self.history.event.rerun

    def effect_run(self, node_id: str) -> str:
        """Returns the run whose id identifies the node's effects: this run, or for a rerun the run
        whose effects it continues."""
        return self.run.id if self.rerun is None else self.rerun.effect_run(node_id)


class RunContexts:
    """Reads contexts. Each process parses a graph once, because versions never change."""

    def __init__(
        self,
        runs: "RunStore",
        automations: "AutomationStore",
        contacts: "ContactStore",
        workspaces: "WorkspaceStore",
    ) -> None:
        self._runs = runs
        self._automations = automations
        self._contacts = contacts
        self._workspaces = workspaces
        self._graph = lru_cache(maxsize=_GRAPHS_CACHED)(self._read_graph)

    def read(self, run_id: str, workspace_id: str) -> RunContext:
        """Reads one run's context. Raises NotFoundError if the workspace has no such run."""
        history = self._runs.history(run_id)
        run = history.run
        if run.workspace_id != workspace_id:
            raise NotFoundError(f"there is no run {run_id}")
        return RunContext(
            history=history,
            version=self._automations.version(run.automation_id, run.version),
            graph=self._graph(run.automation_id, run.version),
            workspace=self._workspaces.cached(workspace_id),
        )

    def graph(self, run: "Run") -> "GraphView":
        return self._graph(run.automation_id, run.version)

    def version_graph(self, automation_id: str, number: int) -> "GraphView":
        """Returns the graph of a version. Raises NotFoundError if there is no such version."""
        return self._graph(automation_id, number)

    def shown_graph(self, run: "Run") -> "GraphView":
        """Returns the run's graph, or an empty one for a damaged row without a version."""
        try:
            return self.graph(run)
        except NotFoundError:
            if run.unreadable is None:
                raise
        from runledger.compiler.graph import GraphView
        from runledger.models.automation import Graph

        return GraphView(Graph(), {})

    def _read_graph(self, automation_id: str, number: int) -> "GraphView":
        from runledger.compiler.graph import GraphView

        version = self._automations.version(automation_id, number)
        return GraphView(version.graph, version.templates)

    def contact(self, run: "Run") -> "Contact | None":
        """Reads the run's contact. Returns None if the run has none, or if it was erased since."""
        if run.contact_id is None:
            return None
        try:
            return self._contacts.get(run.workspace_id, run.contact_id)
        except NotFoundError:
            return None

    def contact_reads(
        self, run: "Run", take: "Callable[[Contact | None], None]"
    ) -> "tuple[RowRead, ...]":
        """Returns the read of the run's contact, or nothing if the run has none. `take` receives
        the contact, or None if it was erased since."""
        if run.contact_id is None:
            return ()
        return (self._contacts.row_read(run.workspace_id, run.contact_id, take),)


def execution_of(run_id: str, arn: str) -> str:
    """Returns the part of an execution's ARN that the run row stores. Raises RunReleasedError if
    the execution was not started for this run."""
    _, found, rest = arn.partition(f":{run_id}-")
    if not found or not rest:
        raise RunReleasedError(f"the execution {arn} was not started for {run_id}")
    return rest


def attempt_of(execution: str) -> int:
    """Returns the number of the attempt for which an execution was started."""
    return int(execution.partition(":")[0])


def automation_of(run_id: str, arn: str) -> str | None:
    """Returns the id of the automation whose machine an execution of this run walks, or None if the
    machine has another name. A machine's name ends with the automation id and the version."""
    before, found, _ = arn.partition(f":{run_id}-")
    machine = before.rpartition(":")[2] if found else ""
    named = _MACHINE.search(machine)
    return named[1] if named else None


def require_owner(run: "Run", execution: str, running: "RunStatus") -> None:
    """Raises RunReleasedError if this execution does not own the run."""
    if run.status is not running or run.execution != execution:
        raise RunReleasedError(f"the run is {run.status} and belongs to another execution")


def scope_of(context: RunContext, contact: "Contact | None") -> dict[str, Any]:
    """Returns the roots that Liquid sees. Without a contact there is no `contact`, so a text that
    reads it fails with MISSING_VARIABLE."""
    from runledger.nodes.set import fold_vars
    from runledger.nodes.unreadable import UnreadableValues

    steps = in_order(context.history.steps, context.graph)
    event = context.history.event
    is_whole = event.unreadable is None
    received_at = context.run.created_at
    scope: dict[str, Any] = {
        "trigger": event.body if is_whole else UnreadableValues("trigger"),
        "event": event_scope(event.body, event.details, received_at)
        if is_whole
        else UnreadableValues("event"),
        "steps": {
            step.node_id: step.output
            if step.unreadable is None
            else UnreadableValues(f"steps.{step.node_id}")
            for step in steps
        },
        "vars": fold_vars(steps),
        "workspace": {"id": context.workspace.id, "name": context.workspace.name},
    }
    if contact is not None:
        scope["contact"] = contact_scope(contact)
    return scope


def contact_scope(contact: "Contact") -> dict[str, Any]:
    return {
        "id": contact.id,
        "email": contact.email,
        "phone": contact.phone,
        "externalIds": contact.external_ids,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "tags": list(contact.tags),
        "consents": contact.consents.model_dump(exclude={"channels"}),
        "metadata": contact.metadata,
    }


def in_order(steps: "Mapping[str, Step]", graph: "GraphView") -> "list[Step]":
    """Sorts steps by start time, then by distance from the graph's start."""
    return sorted(
        steps.values(),
        key=lambda step: (step.started_at, graph.topology.rank(step.node_id)),
    )
