"""Every error the engine raises on purpose. `http.py` maps them to statuses, by type."""

from typing import Any


class RunledgerError(Exception):
    """Base of the tree. The message is for a person: it holds no secret, and no words of AWS's.
    `detail` is for the log alone: what a service said in its own words."""

    detail: str | None = None

    def for_log(self) -> str:
        return self.detail or str(self)


class InvalidInputError(RunledgerError):
    """What the caller sent is wrong; `field` is its path in wire names. `kept` is what may be
    kept of the message, where that quotes what was sent."""

    def __init__(self, message: str, field: str | None = None, *, kept: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.kept = message if kept is None else kept


class InvalidCursorError(InvalidInputError):
    """A list's cursor is damaged, another list's, or too old."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="cursor")


class WorkspaceNotNamedError(InvalidInputError):
    """A change in one of several workspaces that does not say which."""

    def __init__(self) -> None:
        super().__init__(
            "you are in several workspaces: name the one to change in the header X-Workspace-Id",
            field="X-Workspace-Id",
        )


class NoContactError(InvalidInputError):
    """What names a contact is well formed, but nobody has it."""


class InvalidGraphError(RunledgerError):
    """A graph has problems; `problems` holds every one of them, as wire dicts."""

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__(f"the graph has {len(problems)} problem(s)")
        self.problems = problems


class NotFoundError(RunledgerError):
    """There is no such thing in the caller's workspace."""


class GoneError(RunledgerError):
    """There was such a thing in the caller's workspace. `facts` say what became of it, in wire
    names: `expiredAt`, `erasedAt`, …"""

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.facts = facts


class ConflictError(RunledgerError):
    """The thing's present state forbids this; `status` names that state where there is one,
    `revision` the one that a stale edit met."""

    def __init__(
        self, message: str, status: str | None = None, *, revision: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.revision = revision


class PreconditionFailedError(RunledgerError):
    """The thing is not at the revision that If-Match names, but at `revision`."""

    def __init__(self, message: str, revision: int) -> None:
        super().__init__(message)
        self.revision = revision


class ReentryBlockedError(ConflictError):
    """The contact may not enter the automation again (now); `run_id` is the run in the way."""

    def __init__(self, message: str, run_id: str) -> None:
        super().__init__(message, status="REENTRY_BLOCKED")
        self.run_id = run_id


class KeyReusedError(ConflictError):
    """An idempotency key came before with another body; `run_id` is the run it opened, if any."""

    def __init__(self, message: str, run_id: str | None = None) -> None:
        super().__init__(message, status="KEY_REUSED")
        self.run_id = run_id


class UnauthorizedError(RunledgerError):
    """Who is calling could not be established."""


class ForbiddenError(RunledgerError):
    """The caller's role does not allow this."""


class MfaRequiredError(ForbiddenError):
    """The workspace asks for a second factor, and the caller's account has none."""

    def __init__(self, workspace_id: str) -> None:
        super().__init__(
            f"the workspace {workspace_id} asks for a second factor: switch it on in the console, "
            "on the page Your account, then go on"
        )


class PayloadTooLargeError(RunledgerError):
    """The body is over the documented size."""


class UnsupportedMediaTypeError(RunledgerError):
    """The body is not JSON."""


class RateLimitedError(RunledgerError):
    """Too many calls; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConditionFailedError(RunledgerError):
    """A conditional write found another state; `item` is the row it found, or None."""

    def __init__(self, item: dict[str, Any] | None = None) -> None:
        super().__init__("the condition of a write did not hold")
        self.item = item


class TransientError(RunledgerError):
    """An AWS service throttled or was briefly away; the same call may succeed later."""

    def __init__(self, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.detail = detail


class BranchUnfinishedError(TransientError):
    """A machine came to a node before every branch in front of it had finished; the run's next
    attempt walks the branch that is missing."""


class ServiceError(RunledgerError):
    """An AWS service refused the call for good; `code` is its own error code."""

    def __init__(self, message: str, code: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


class SetupError(ServiceError):
    """Something of the installation's own is missing: a resource or a permission. Not the fault
    of the caller, who may try again when it is repaired."""


class MissingResourceError(SetupError):
    """AWS has no resource of the name that it was asked for."""


class UnreadableError(RunledgerError):
    """What is stored is damaged: it can be shown in part, and nothing can be done with it."""


class StepInProgressError(RunledgerError):
    """Another walker holds a live lease on this node; come back after it. Where it outlasts the
    machine's retries, the run is handed back."""


class RunReleasedError(RunledgerError):
    """This walker does not own the run (any more); it stops without writing."""


class NodeError(RunledgerError):
    """A node failed for a reason a person can act on; raised by node types.

    `kind` becomes the run's `error.kind`; `cause` is the raw exception's text, redacted.
    """

    def __init__(self, kind: str, message: str, cause: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.cause = cause


class NotSentError(NodeError):
    """A call failed before anything of it had left: whatever it does, it did not do."""


class NodeFailedError(RunledgerError):
    """The step was recorded as FAILED; the machine takes its failure path."""
