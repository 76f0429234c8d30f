"""Every error the engine raises on purpose. `http.py` maps them to statuses, by type."""

from typing import Any


class RunledgerError(Exception):
    """The base class. The message is for a person: it holds no secret and no text from AWS.
    `detail` is only for the log: a service's own message."""

    detail: str | None = None

    def for_log(self) -> str:
        return self.detail or str(self)


class InvalidInputError(RunledgerError):
    """The request is wrong; `field` is the wrong value's path in wire names. `kept` is the text
    that may be stored, if the message quotes the request."""

    def __init__(self, message: str, field: str | None = None, *, kept: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.kept = message if kept is None else kept


class InvalidCursorError(InvalidInputError):
    """A list's cursor is damaged, belongs to another list, or is too old."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="cursor")


class WorkspaceNotNamedError(InvalidInputError):
    """The caller is in several workspaces, and the change does not name one."""

    def __init__(self) -> None:
        super().__init__(
            "you are a member of several workspaces: name one in the header X-Workspace-Id",
            field="X-Workspace-Id",
        )


class NoContactError(InvalidInputError):
    """An id or address is valid, but no contact has it."""


class InvalidGraphError(RunledgerError):
    """A graph has problems; `problems` holds every one of them, as wire dicts."""

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__(f"the graph has {len(problems)} problem(s)")
        self.problems = problems


class NotFoundError(RunledgerError):
    """The resource does not exist in the caller's workspace."""


class GoneError(RunledgerError):
    """The resource no longer exists in the caller's workspace. `facts` say why, in wire names:
    `expiredAt`, `erasedAt`, …"""

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.facts = facts


class ConflictError(RunledgerError):
    """The resource's present state forbids the call. `status` names that state, if there is a name;
    `revision` is the present revision that a stale edit met; `field` is the path of the value that
    is taken, in wire names."""

    def __init__(
        self,
        message: str,
        status: str | None = None,
        *,
        revision: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.revision = revision
        self.field = field


class PreconditionFailedError(RunledgerError):
    """The resource has another revision than If-Match names; `revision` is the current one."""

    def __init__(self, message: str, revision: int) -> None:
        super().__init__(message)
        self.revision = revision


class ReentryBlockedError(ConflictError):
    """The contact may not enter the automation again, or not now; `run_id` is the run in the
    way."""

    def __init__(self, message: str, run_id: str) -> None:
        super().__init__(message, status="REENTRY_BLOCKED")
        self.run_id = run_id


class KeyReusedError(ConflictError):
    """An idempotency key was used before with another body; `run_id` is the run it opened, if
    any."""

    def __init__(self, message: str, run_id: str | None = None) -> None:
        super().__init__(message, status="KEY_REUSED")
        self.run_id = run_id


class UnauthorizedError(RunledgerError):
    """The caller could not be identified."""


class SignatureRefusedError(UnauthorizedError):
    """An event does not prove its sender. The message is the caller's short word; `kept` tells the
    operator which rule failed, without any secret."""

    def __init__(self, message: str, kept: str) -> None:
        super().__init__(message)
        self.kept = kept


class ForbiddenError(RunledgerError):
    """The caller's role does not allow this."""


class MfaRequiredError(ForbiddenError):
    """The workspace requires a second factor, and the caller's account has none."""

    def __init__(self, workspace_id: str) -> None:
        super().__init__(
            f"the workspace {workspace_id} requires a second factor: set one up in the "
            "console, on the page Your account, and try again"
        )


class PayloadTooLargeError(RunledgerError):
    """The body is larger than documented."""


class UnsupportedMediaTypeError(RunledgerError):
    """The body has a content type or charset that is not supported."""


class RateLimitedError(RunledgerError):
    """Too many calls; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConditionFailedError(RunledgerError):
    """The condition of a write failed; `item` is the row found, or None."""

    def __init__(self, item: dict[str, Any] | None = None) -> None:
        super().__init__("a write failed because the row had changed")
        self.item = item


class TransientError(RunledgerError):
    """An AWS service throttled the call or was briefly unavailable; the same call may succeed
    later."""

    def __init__(self, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.detail = detail


class BranchUnfinishedError(TransientError):
    """A machine reached a node before all branches in front of it had finished; the run's next
    attempt walks the missing branch."""


class ServiceError(RunledgerError):
    """An AWS service refused the call permanently; `code` is its error code."""

    def __init__(self, message: str, code: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


class SetupError(ServiceError):
    """The installation lacks a resource or a permission. It is not the caller's fault; they may try
    again after the repair."""


class MissingResourceError(SetupError):
    """AWS has no resource with the requested name."""


class UnreadableError(RunledgerError):
    """Stored data is damaged: it can be shown in part, but not used."""


class StepInProgressError(RunledgerError):
    """Another walker holds a lease on this node; try again after it ends. If the lease outlasts the
    machine's retries, the run is handed back."""


class RunReleasedError(RunledgerError):
    """This walker does not own the run, or no longer; it stops without writing."""


class NodeError(RunledgerError):
    """A node failed for a reason that a person can fix. Node types raise it.

    `kind` becomes the run's `error.kind`; `cause` is the raw exception's text, redacted.
    """

    def __init__(self, kind: str, message: str, cause: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.cause = cause


class NotSentError(NodeError):
    """A call failed before anything was sent, so it had no effect."""


class NodeFailedError(RunledgerError):
    """The step was recorded as FAILED; the machine takes its failure path."""
