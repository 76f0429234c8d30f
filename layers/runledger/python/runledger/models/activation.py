"""Activations: each makes a draft the active version. Times are epoch milliseconds."""

from collections.abc import Mapping
from enum import StrEnum

from runledger.clock import DAY
from runledger.models.automation import Problem
from runledger.models.base import Model

# How long the outcome of an activation is kept after its end.
KEPT = 30 * DAY


class ActivationStatus(StrEnum):
    """The status of an activation. All except PENDING are final. FAILED: the version could not be
    made active. CANCELED: a newer activation, a pause or archiving replaced it."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class Activation(Model):
    """One request to make a draft the active version.

    `version` is the number of the new version, and `revision` is the draft's revision at the
    request. `due_at` is when the next process may work on it; None if nothing is left to do. `body`
    is the packed content of the new version; it is deleted once the activation is done.
    """

    workspace_id: str
    automation_id: str
    version: int
    revision: int
    status: ActivationStatus
    problem: Problem | None
    requested_at: int
    requested_by: str
    finished_at: int | None
    due_at: int | None
    body: bytes | Mapping[str, str] | None

    def is_expired(self, now: int) -> bool:
        return self.finished_at is not None and now > self.finished_at + KEPT
