"""Refusals: events that opened no run, and why. Times are epoch milliseconds."""

from enum import StrEnum

from runledger.models.base import Model
from runledger.models.run import TriggerType


class RefusalReason(StrEnum):
    """Why a trigger opened no run."""

    DUPLICATE = "DUPLICATE"
    NO_CONTACT = "NO_CONTACT"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    INACTIVE = "INACTIVE"
    INVALID_PAYLOAD = "INVALID_PAYLOAD"
    REENTRY_BLOCKED = "REENTRY_BLOCKED"
    RATE_LIMITED = "RATE_LIMITED"
    CHAIN_TOO_DEEP = "CHAIN_TOO_DEEP"
    KEY_REUSED = "KEY_REUSED"


class Replay(Model):
    """The replay of a refused event. `version` is the version that was active when the replay
    began. If the replay is interrupted, it continues with the same version. `run_ids` is None until
    the replay has ended. `refusal_id` is the new refusal, if the event was refused again."""

    at: int
    by: str
    version: int
    run_ids: tuple[str, ...] | None = None
    refusal_id: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.run_ids is not None


class Refusal(Model):
    """One refused event, or all events that were refused for the same reason within one minute.
    `count` is their number; the other facts are those of the first.

    `run_id` is the run that blocked the event, or the run that the same event opened before.
    `source` is an IP address, a user's e-mail or the id of an upstream run. `kept_until` is when
    the stored event expires, if it is stored. `erased_at` is when personal data was removed.
    `unreadable` names the parts of a damaged row that were left out.
    """

    id: str
    workspace_id: str
    automation_id: str
    automation_name: str
    version: int | None
    trigger_type: TriggerType
    reason: RefusalReason
    message: str
    contact_id: str | None = None
    run_id: str | None = None
    source: str | None = None
    count: int = 1
    created_at: int
    last_at: int
    expires_at: int
    kept_until: int | None = None
    replay: Replay | None = None
    erased_at: int | None = None
    unreadable: str | None = None

    @property
    def person_id(self) -> str | None:
        """The id of the contact whose data the row contains; None if there is no contact."""
        return self.contact_id
