"""All errors that the engine raises on purpose. `http.py` maps their types to HTTP statuses."""

from typing import Any


class RunledgerError(Exception):
    """The base class. The message is for a person: it contains no secret and no text from AWS.
    `detail` is only for the log, and may contain a service's own message."""

    detail: str | None = None

    def for_log(self) -> str:
        return self.detail or str(self)


class InvalidInputError(RunledgerError):
    """The request is wrong. `field` is the path of the wrong value, in camelCase. If the message
    quotes the request, `kept` is the text that is stored instead of the message."""

    def __init__(self, message: str, field: str | None = None, *, kept: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.kept = message if kept is None else kept


class InvalidCursorError(InvalidInputError):
    """A list's cursor is damaged, belongs to another list, or is too old."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="cursor")


class WorkspaceNotNamedError(InvalidInputError):
    """The caller is in several workspaces, and the request for a change names none of them."""

    def __init__(self) -> None:
        super().__init__(
            "you are a member of several workspaces: name one in the header X-Workspace-Id",
            field="X-Workspace-Id",
        )


class NoContactError(InvalidInputError):
    """An id or address is valid, but there is no contact with it."""


class InvalidGraphError(RunledgerError):
    """A graph has problems. `problems` lists all of them, as JSON objects."""

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__(f"the graph has {len(problems)} problem(s)")
        self.problems = problems


class ChoiceNeededError(InvalidGraphError):
    """The caller must choose what a rerun does at some nodes. `problems` has one problem for
    each of these nodes."""

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__(problems)
        nodes = ", ".join(str(each["nodeId"]) for each in problems)
        self.args = (f"choose what to do with the effects of {nodes}",)


class NotFoundError(RunledgerError):
    """The resource does not exist in the caller's workspace."""


class GoneError(RunledgerError):
    """The resource no longer exists in the caller's workspace. `facts` say why, with names in
    camelCase: `expiredAt`, `erasedAt`, …"""

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.facts = facts


class ConflictError(RunledgerError):
    """The call is not possible in the resource's current state. `status` is that state, if it has a
    name. `revision` is the current revision, if the edit had an older one. `field` is the path of a
    value that is already taken, in camelCase. `refusal_id` is the id of the refusal that was
    recorded for the event."""

    refusal_id: str | None = None

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
    """The resource does not have the revision in If-Match. `revision` is the current one."""

    def __init__(self, message: str, revision: int) -> None:
        super().__init__(message)
        self.revision = revision


class ReentryBlockedError(ConflictError):
    """The contact may not enter the automation again, or not now. `run_id` is the run that blocks
    it."""

    def __init__(self, message: str, run_id: str) -> None:
        super().__init__(message, status="REENTRY_BLOCKED")
        self.run_id = run_id


class AlreadyRerunError(ConflictError):
    """Another rerun of the same run has completed, or is still open; `run_id` is that rerun."""

    def __init__(self, message: str, run_id: str, *, is_open: bool) -> None:
        super().__init__(message, status="ALREADY_RERUN")
        self.run_id = run_id
        self.is_open = is_open


class KeyReusedError(ConflictError):
    """An idempotency key was used before with another body. `run_id` is the run that was opened
    then, if any."""

    def __init__(self, message: str, run_id: str | None = None) -> None:
        super().__init__(message, status="KEY_REUSED")
        self.run_id = run_id


class UnauthorizedError(RunledgerError):
    """The caller could not be identified."""


class SignatureRefusedError(UnauthorizedError):
    """The sender of an event could not be verified. The message for the caller is short; `kept`
    says for the operator which rule failed. Neither contains a secret."""

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


class MethodNotAllowedError(RunledgerError):
    """The path does not take the request's method. `allowed` are the methods that it takes."""

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.allowed = allowed


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
    """The condition of a write failed. `item` is the row that was found, or None."""

    def __init__(self, item: dict[str, Any] | None = None) -> None:
        super().__init__("a write failed because the row had changed")
        self.item = item


class TransientError(RunledgerError):
    """An AWS service throttled the call or was briefly unavailable. The same call may succeed
    later."""

    def __init__(self, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.detail = detail


class BranchUnfinishedError(TransientError):
    """A machine reached a node before all branches in front of it had finished. The run's next
    attempt walks the missing branch."""


class ServiceError(RunledgerError):
    """An AWS service refused the call permanently. `code` is its error code."""

    def __init__(self, message: str, code: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


class SetupError(ServiceError):
    """The installation lacks a resource or a permission. This is not the caller's fault; they may
    try again after the repair."""


class MissingResourceError(SetupError):
    """AWS has no resource with the requested name."""


class UnreadableError(RunledgerError):
    """Stored data is damaged. It can be shown in part, but not used."""


class StepInProgressError(RunledgerError):
    """Another process holds the lease on this node. Try again after the lease ends. If the node is
    still taken at the machine's last retry, the run is handed back."""


class RunReleasedError(RunledgerError):
    """This execution does not own the run, or no longer owns it. It stops without writing."""


class NodeError(RunledgerError):
    """A node failed for a reason that a person can fix. Node types raise it.

    `kind` becomes the run's `error.kind`. `cause` is the text of the original exception, redacted.
    """

    def __init__(self, kind: str, message: str, cause: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.cause = cause


class NotSentError(NodeError):
    """A call failed before anything was sent, so it had no effect."""


class NodeFailedError(RunledgerError):
    """The step was recorded as FAILED. The machine continues on its failure path."""
