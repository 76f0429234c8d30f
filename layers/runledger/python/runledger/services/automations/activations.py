"""Activates automations: stores the draft as a version that never changes, creates its machine, and
starts to accept events.

No request waits until the machine is ready. The request for an activation creates the machine at
once if the rate limit for new machines allows it; otherwise the tick creates it later.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import HOUR, MINUTE, SECOND, Clock
from runledger.compiler.compile import FunctionArns, compile_graph
from runledger.compiler.graph import GraphView
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    InvalidGraphError,
    NotFoundError,
    RateLimitedError,
    ServiceError,
    TransientError,
)
from runledger.ids import new_token
from runledger.models.activation import Activation, ActivationStatus
from runledger.models.automation import (
    ActiveVersion,
    Automation,
    AutomationStatus,
    Problem,
    Version,
)
from runledger.observability import log_failure, logger
from runledger.services.automations.automations import refuse
from runledger.services.automations.upstream_checks import upstream_problems
from runledger.services.views.automations import activation_view
from runledger.store.machines import supersede

if TYPE_CHECKING:
    from runledger.api.automations import AutomationView
    from runledger.models.automation import Graph
    from runledger.nodes.trigger import TriggerConfig
    from runledger.services.automations.automations import Automations
    from runledger.services.automations.rotation import Rotations
    from runledger.services.execution.machines import Machines
    from runledger.services.schedules.schedules import Schedules
    from runledger.store.activations import ActivationStore
    from runledger.store.automations import AutomationStore
    from runledger.store.due import DueRow

# Longer than any of our functions runs: after that, no process is at work on it.
LEASE = 2 * MINUTE
# How long to wait after AWS was not ready.
BACK_OFF = 10 * SECOND
GIVE_UP = HOUR
# A try is lost only if another process changed the automation.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Activator:
    """Completes a requested activation."""

    automations: "AutomationStore"
    activations: "ActivationStore"
    machines: "Machines"
    functions: FunctionArns
    clock: Clock
    schedules: "Schedules"

    def settle(self, row: "DueRow") -> None:
        """Settles an activation that is due, for the tick."""
        activation = self.activations.at(row.key)
        if activation is None or activation.due_at is None:
            return
        if activation.status is ActivationStatus.PENDING:
            self.go_on(activation)
        else:
            self._clean(activation)

    def go_on(self, activation: Activation) -> Activation:
        """Continues a due activation, unless another process is working on it."""
        try:
            kept = self.activations.put_off(activation, self.clock() + LEASE)
        except ConditionFailedError:
            return self._again(activation)
        return self.attempt(kept)

    def attempt(self, activation: Activation) -> Activation:
        """Does the remaining work of a PENDING activation, and returns its new state. No other
        process may work on it meanwhile. The activation stays PENDING if the rate limit does not
        allow the workspace a machine now, or if AWS is not ready. If it FAILED, the error is in the
        log."""
        try:
            self.machines.take_turn(activation.workspace_id)
            return self._finish(activation)
        except RateLimitedError as error:
            return self._put_off(activation, error.retry_after * SECOND)
        except TransientError as error:
            logger.warning(
                "activation put off", extra={"reason": error.for_log(), **_ids(activation)}
            )
            return self._put_off(activation, BACK_OFF)
        except InvalidGraphError as error:
            return self._fail(activation, Problem.model_validate(error.problems[0]))
        except ServiceError as error:
            log_failure("AWS refused to create the state machine", error, **_ids(activation))
            return self._fail(
                activation,
                Problem(
                    code="MACHINE_REFUSED",
                    message="AWS refused to create the state machine; the log has the details",
                ),
            )

    def _finish(self, activation: Activation) -> Activation:
        version = self.activations.frozen(activation)
        before = self.automations.get(activation.workspace_id, activation.automation_id)
        # Another automation may have been activated or archived since the request.
        refuse(upstream_problems(self.automations, before, version.graph))
        compiled = compile_graph(version.graph, self.functions, version.templates, version.segments)
        self.machines.create(activation.automation_id, activation.version, compiled)
        for _ in range(_TRIES):
            try:
                return self._commit(before, activation, version)
            except ConflictError:
                found = self._again(activation)
                if found.status is not ActivationStatus.PENDING:
                    return found
                before = self.automations.get(activation.workspace_id, activation.automation_id)
        raise TransientError("the automation kept changing; try again")

    def _commit(self, before: Automation, activation: Activation, version: Version) -> Activation:
        now = self.clock()
        trigger = trigger_of(version.graph)
        active = ActiveVersion(
            version=version.version,
            trigger=trigger.model_dump(mode="json", by_alias=True),
            machine_type=version.machine_type,
            run_seconds=version.run_seconds,
            reentry=version.reentry,
        )
        after = before.changed(
            status=AutomationStatus.ACTIVE,
            active=active,
            active_revision=activation.revision,
            webhook_token=before.webhook_token or (new_token() if trigger.intake else None),
            updated_at=now,
            updated_by=activation.requested_by,
        )
        schedule = self.schedules.writes(after)
        also = [*self.activations.activating(activation, now), *schedule]
        if before.active is not None:
            # No new run starts on it.
            last = before.active.version
            also.append(supersede(after.workspace_id, after.id, last, now))
        self.automations.activate(before, after, also)
        if schedule:
            self.schedules.sync_soon(after.id)
        return activation.changed(
            status=ActivationStatus.ACTIVE,
            finished_at=now,
            due_at=None,
            body=None,
        )

    def _again(self, activation: Activation) -> Activation:
        """Reads the activation again."""
        found = self.activations.get(activation.automation_id, activation.version)
        if found is None:
            raise NotFoundError(f"version {activation.version} has no activation")
        return found

    def _put_off(self, activation: Activation, delay: int) -> Activation:
        now = self.clock()
        if now > activation.requested_at + GIVE_UP:
            message = (
                "AWS was not ready to create the state machine for an hour; activate again later"
            )
            return self._fail(activation, Problem(code="MACHINE_NOT_MADE", message=message))
        try:
            return self.activations.put_off(activation, now + delay)
        except ConditionFailedError:
            # It ended meanwhile, perhaps by our own write whose answer was lost.
            return self._again(activation)

    def _fail(self, activation: Activation, problem: Problem) -> Activation:
        now = self.clock()
        try:
            failed = self.activations.end(
                activation, ActivationStatus.FAILED, problem, now, now + LEASE
            )
        except ConditionFailedError:
            return self._again(activation)
        # Only this process was at work on it, so its machine can be deleted at once.
        self._clean(failed)
        return failed

    def _clean(self, activation: Activation) -> None:
        """Deletes the machine, if any, of an activation that failed or was canceled."""
        try:
            self.machines.delete(
                activation.workspace_id, activation.automation_id, activation.version
            )
            self.activations.settled(activation)
        except (RateLimitedError, TransientError) as error:
            delay = error.retry_after * SECOND if isinstance(error, RateLimitedError) else MINUTE
            self.activations.put_off(activation, self.clock() + delay)


@dataclass(frozen=True, slots=True)
class Activations:
    """Requests activations and reports their results."""

    automations: "Automations"
    activator: Activator
    rotations: "Rotations"
    clock: Clock

    def activate(self, workspace_id: str, automation_id: str, by: str) -> "AutomationView":
        """Makes the draft the active version at once if possible. Otherwise stores a request for
        the activation and returns. The view's `activation` shows the result. If the draft is active
        already, nothing changes. Equal requests share one activation.

        A failed activation does not change the automation. The machine that it created is deleted
        later.
        """
        activation, is_own = self._activate(workspace_id, automation_id, by)
        if is_own and activation is not None and activation.status is ActivationStatus.FAILED:
            assert activation.problem is not None
            if activation.problem.node_id is not None:
                refuse([activation.problem])
            raise ServiceError(activation.problem.message, activation.problem.code)
        # Make the secret last, so that it is shown unless this answer is lost.
        is_shared = activation is not None and not is_own
        secret = None
        if not is_shared:
            secret = self.rotations.make_first(workspace_id, automation_id, by)
        view = self.automations.view(self.automations.store.get(workspace_id, automation_id))
        if activation is not None and activation.status is not ActivationStatus.ACTIVE:
            return view.changed(activation=activation_view(activation).changed(secret=secret))
        if view.webhook is None:
            return view
        return view.changed(webhook=view.webhook.changed(secret=secret))

    def _activate(
        self, workspace_id: str, automation_id: str, by: str
    ) -> tuple[Activation | None, bool]:
        """Returns the activation, and whether this call requested it: False if an earlier request
        did. The activation is None if no new version is needed."""
        store = self.automations.store
        for _ in range(_TRIES):
            before = store.get(workspace_id, automation_id)
            if before.status is AutomationStatus.ARCHIVED:
                raise ConflictError(
                    "the automation is archived and cannot be activated; create a new one",
                    status=before.status.value,
                )
            is_current = before.active_revision == before.draft_revision
            if is_current and before.status is AutomationStatus.ACTIVE:
                return None, False
            graph = store.draft(before)
            refuse(upstream_problems(store, before, graph))
            pending = self._pending(before)
            try:
                if is_current:
                    refuse(self.automations.credential_problems(workspace_id, graph))
                    self._resume(before, by)
                    return None, False
                if pending is not None and pending.revision == before.draft_revision:
                    return self._shared(pending), False
                requested = self._request(before, graph, by, pending)
            except (ConditionFailedError, ConflictError):
                # Another request was faster; read again what it left.
                continue
            return self.activator.attempt(requested), True
        raise TransientError("the automation kept changing; try again")

    def _pending(self, automation: Automation) -> Activation | None:
        return pending_activation(self.activator.activations, automation)

    def _shared(self, pending: Activation) -> Activation:
        """Returns the activation that was requested before, and continues it if no other process
        does."""
        if pending.due_at is not None and pending.due_at <= self.clock():
            return self.activator.go_on(pending)
        return pending

    def _resume(self, before: Automation, by: str) -> None:
        """Accepts events again for the version that was last active; its machine still exists."""
        activator = self.activator
        after = before.changed(
            status=AutomationStatus.ACTIVE, updated_at=self.clock(), updated_by=by
        )
        schedule = activator.schedules.writes(after)
        self.automations.store.activate(before, after, schedule)
        if schedule:
            activator.schedules.sync_soon(after.id)

    def _request(
        self, before: Automation, graph: "Graph", by: str, pending: Activation | None
    ) -> Activation:
        templates = self.automations.known_templates(before.workspace_id, graph)
        segments = self.automations.known_segments(before.workspace_id, graph)
        hosts = self.automations.secret_hosts(before.workspace_id, graph)
        compiled = compile_graph(graph, self.activator.functions, templates, segments, hosts)
        now = self.clock()
        version = Version(
            workspace_id=before.workspace_id,
            automation_id=before.id,
            version=before.last_version + 1,
            name=before.name,
            reentry=before.reentry,
            graph=graph,
            templates=templates,
            segments=segments,
            machine_type=compiled.machine_type,
            machine_reason=compiled.reason,
            run_seconds=compiled.run_seconds,
            activated_at=now,
            activated_by=by,
        )
        return self.activator.activations.request(before, version, by, now, now + LEASE, pending)


def pending_activation(store: "ActivationStore", automation: Automation) -> Activation | None:
    """Returns the activation that the automation waits for, if any. Only the newest activation can
    be pending."""
    active = automation.active.version if automation.active else 0
    if automation.last_version == active:
        return None
    newest = store.get(automation.id, automation.last_version)
    is_pending = newest is not None and newest.status is ActivationStatus.PENDING
    return newest if is_pending else None


def find_activation(
    automations: "Automations", workspace_id: str, automation_id: str, version: int, now: int
) -> Activation:
    """Returns an activation. Raises NotFoundError if there is none, or it has expired."""
    automation = automations.store.get(workspace_id, automation_id)
    found = automations.activations.get(automation.id, version)
    if found is None or found.is_expired(now):
        raise NotFoundError(
            f"version {version} has no activation, or its activation ended more than 30 days ago"
        )
    return found


def trigger_of(graph: "Graph") -> "TriggerConfig":
    view = GraphView(graph, {})
    _, config = view.parsed(view.starts[0])
    trigger: Any = config
    return trigger  # type: ignore[no-any-return]


def _ids(activation: Activation) -> dict[str, Any]:
    return {"automationId": activation.automation_id, "version": str(activation.version)}
