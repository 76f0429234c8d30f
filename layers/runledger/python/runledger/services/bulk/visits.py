"""What exports and imports have in common: an execution does their work in visits, and the tick
starts another execution for work that has stalled."""

import json
from contextlib import suppress

from pydantic import Field

from runledger import errors
from runledger.clock import MINUTE
from runledger.errors import RunledgerError
from runledger.models.base import Model, WireModel
from runledger.services.runs.step_errors import plain

# Visits of one execution. Its history holds 25,000 events; a visit makes seven, its retries more.
EXECUTION_VISITS = 500
# After this long without progress, work has lost its execution.
STALL = 5 * MINUTE
# The most executions in a row without progress.
MAX_STALLS = 5


class Place(WireModel):
    """The number of this execution, how many visits it has made, and whether more work is left."""

    workspace_id: str
    attempt: int = 1
    visits: int = 0
    goes_on: bool = True


class Caught(Model):
    """An error as Step Functions caught it."""

    error: str = Field(alias="Error")
    cause: str = Field(default="", alias="Cause")


def own_message(caught: Caught) -> str | None:
    """Returns the message of one of our own errors, for people; None for any other error, which may
    quote a row."""
    known = getattr(errors, caught.error, None)
    if isinstance(known, type) and issubclass(known, RunledgerError):
        with suppress(ValueError, KeyError, TypeError):
            return plain(str(json.loads(caught.cause)["errorMessage"]))
    return None
