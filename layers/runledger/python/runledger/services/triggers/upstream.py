"""Opens runs when a run of another automation ends."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import optional_iso
from runledger.errors import ConflictError, NotFoundError
from runledger.models.event import Event
from runledger.models.refusal import RefusalReason
from runledger.models.run import ErrorDetail, TriggerType
from runledger.nodes.unreadable import UnreadableValues
from runledger.observability import log_failure, logger
from runledger.services.runs.run_context import scope_of
from runledger.services.triggers.open_run import MAX_BODY_BYTES, RunRequest
from runledger.services.triggers.refusals import RefusedEvent

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.contact import Contact
    from runledger.services.runs.run_context import RunContext, RunContexts
    from runledger.services.triggers.open_run import RunOpener
    from runledger.store.automations import AutomationStore

# The longest chain of runs, each opened by the end of the one before. Activation refuses cycles
# between automations; this limit ends a cycle that two concurrent activations made.
MAX_DEPTH = 10


def dedupe_key(upstream_run_id: str) -> str:
    """Returns the deduplication key for the end of an upstream run. With this key, the end opens
    only one run of each automation."""
    return f"upstream:{upstream_run_id}"


@dataclass(frozen=True, slots=True)
class UpstreamRuns:
    automations: "AutomationStore"
    contexts: "RunContexts"
    opener: "RunOpener"

    def follow(self, workspace_id: str, run_id: str) -> None:
        """Opens a run, or leaves a refusal, for each automation that waits for this run's end.

        Safe to repeat: one end opens at most one run of each automation. If a run cannot be
        opened, the other runs are still opened; then the first error is raised, so that the event
        is delivered again."""
        try:
            context = self.contexts.read(run_id, workspace_id)
        except NotFoundError:
            logger.info("the run that ended has expired")
            return
        if context.rerun is not None and not context.rerun.fires_downstream:
            logger.info("a rerun opens no downstream runs, because nobody asked for them")
            return
        waiting = self.automations.downstream_ids(context.run.automation_id)
        contact = self.contexts.contact(context.run) if waiting else None
        failed: Exception | None = None
        for automation_id in waiting:
            try:
                self._trigger(automation_id, context, contact)
            except Exception as error:
                log_failure("downstream run not opened", error, downstreamId=automation_id)
                failed = failed or error
        if failed is not None:
            raise failed

    def _trigger(
        self, automation_id: str, context: "RunContext", contact: "Contact | None"
    ) -> None:
        run = context.run
        try:
            automation = self.automations.get(run.workspace_id, automation_id)
        except NotFoundError:
            return
        if not _waits_for(automation, context):
            return
        request = RunRequest(
            Event(
                trigger_type=TriggerType.UPSTREAM,
                details={
                    "upstreamRunId": run.id,
                    "upstreamAutomationId": run.automation_id,
                    "depth": context.history.event.depth + 1,
                },
                body=body_of(context),
            ),
            dedupe_key=dedupe_key(run.id),
            source=run.id,
            may_repeat=True,
        )
        refused = _refusal(context, contact, request)
        if refused is not None:
            self.opener.refusals.record(automation, refused)
            return
        try:
            opened = self.opener.open(automation, contact, request)
        except ConflictError as error:
            # It accepts no events, or none for this contact. The refusal is recorded already.
            logger.info(
                "downstream run refused",
                extra={"downstreamId": automation_id, "reason": str(error)},
            )
            return
        logger.info(
            "downstream run opened",
            extra={"downstreamId": automation_id, "downstreamRunId": opened.run.id},
        )


def _waits_for(automation: "Automation", context: "RunContext") -> bool:
    """Whether the automation's active trigger waits for the run that ended: for its automation and
    for its status."""
    active = automation.active
    return (
        active is not None
        and active.upstream_id == context.run.automation_id
        and context.run.status.value in active.trigger["on"]
    )


def _refusal(
    context: "RunContext", contact: "Contact | None", request: RunRequest
) -> RefusedEvent | None:
    run, event = context.run, request.event
    found: tuple[RefusalReason, str] | None = None
    size = len(json.dumps(event.body, ensure_ascii=False).encode(errors="surrogatepass"))
    if event.depth > MAX_DEPTH:
        found = (
            RefusalReason.CHAIN_TOO_DEEP,
            f"{run.id} is the end of a chain of {MAX_DEPTH} runs, which is the limit",
        )
    elif run.erased_at is not None or (run.contact_id is not None and contact is None):
        found = (RefusalReason.NO_CONTACT, f"the contact of {run.id} no longer exists")
    elif size > MAX_BODY_BYTES:
        found = (
            RefusalReason.INVALID_PAYLOAD,
            f"the event from {run.id} has {size} bytes; at most {MAX_BODY_BYTES} are allowed",
        )
    if found is None:
        return None
    reason, message = found
    return RefusedEvent(
        trigger_type=event.trigger_type,
        reason=reason,
        message=message,
        contact_id=run.contact_id,
        source=request.source,
        event_key=request.dedupe_key,
    )


def body_of(context: "RunContext") -> dict[str, Any]:
    """Returns the body of the next run's event: the run that ended, and its values."""
    run, scope = context.run, scope_of(context, None)
    return {
        "run": {
            "id": run.id,
            "automationId": run.automation_id,
            "automationName": run.automation_name,
            "version": run.version,
            "status": run.status.value,
            "startedAt": optional_iso(run.started_at),
            "finishedAt": optional_iso(run.finished_at),
            "error": _error(context),
        },
        **{name: _passed_on(scope[name]) for name in ("trigger", "vars")},
        "steps": {name: _passed_on(output) for name, output in scope["steps"].items()},
    }


def _passed_on(values: Any) -> Any:
    """Returns the values for the next run. Damaged values become empty, so a text that reads them
    fails in the next run as it does in this one."""
    return {} if isinstance(values, UnreadableValues) else values


def _error(context: "RunContext") -> dict[str, Any] | None:
    """Returns the error of the run that ended, or None. The message is taken from the failed step,
    because the run row keeps only its first line."""
    error: ErrorDetail | None = context.run.error
    if error is None:
        return None
    step = context.history.steps.get(error.node_id or "")
    if step is not None and step.error is not None:
        error = step.error
    return {"nodeId": error.node_id, "kind": error.kind, "message": error.message}
