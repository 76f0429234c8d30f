"""The events about reruns, recoveries and holds, which people begin. Their JSON Schemas are
generated from this file."""

from typing import Literal

from pydantic import Field

from runledger.api.run_events import EventPart
from runledger.models.recovery import RecoveryStatus


class OperationEvent(EventPart):
    """The fields of all events about reruns, recoveries and holds. Times are ISO 8601 UTC."""

    schema_version: Literal[1] = Field(
        default=1, alias="schema", description="The version of this format."
    )
    id: str = Field(
        description="Identifies this change. Ignore an event whose id you have already processed."
    )
    workspace_id: str = Field(description="The workspace's id.")
    occurred_at: str = Field(description="When it happened.")


class RerunEvent(OperationEvent):
    """The detail of `run.rerun`: a rerun was opened."""

    run_id: str = Field(description="The rerun.")
    rerun_of: str = Field(description="The run that the rerun repeats.")
    root_run_id: str = Field(description="The first run in the chain of reruns.")
    automation_id: str = Field(description="The automation's id.")
    contact_id: str | None = Field(description="The contact; null for a run without one.")


class RecoveryEventCounts(EventPart):
    """The numbers of a recovery's runs and reruns when its status changed."""

    eligible: int = Field(description="How many runs will be rerun, or were rerun.")
    excluded: int = Field(description="How many runs are left out.")
    opened: int = Field(description="How many reruns were opened.")
    completed: int = Field(description="How many of these have completed.")
    failed: int = Field(description="How many of these have failed.")
    canceled: int = Field(description="How many of these were canceled.")


class RecoveryEvent(OperationEvent):
    """The detail of `recovery.*`: a recovery has a new status."""

    sequence: int = Field(
        ge=1, description="Grows by one with every change of the recovery's status."
    )
    recovery_id: str = Field(description="The recovery's id.")
    status: RecoveryStatus = Field(description="The new status.")
    status_reason: str | None = Field(
        description="Why the recovery paused automatically: CANARY_FAILED or "
        "STOPPED_AFTER_FAILURES."
    )
    by: str | None = Field(
        description="The e-mail address of the user who changed the status; null if it changed "
        "automatically."
    )
    error_group: str | None = Field(description="The failure group whose runs are rerun, if any.")
    counts: RecoveryEventCounts = Field(
        description="The numbers of runs and reruns at that moment."
    )
    created_at: str = Field(description="When the recovery was requested.")


class HoldEvent(OperationEvent):
    """The detail of `automation.held` and `automation.released`."""

    automation_id: str = Field(description="The automation's id.")
    by: str = Field(
        description="The e-mail address of the user who held or released the automation."
    )
    reason: str | None = Field(description="The reason for the hold; null for a release.")
    rate_per_minute: int | None = Field(
        description="How many held runs are started per minute; null for a hold."
    )
