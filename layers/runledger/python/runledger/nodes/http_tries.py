"""Makes a call, retries it as its policy says, and records every try."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from runledger.clock import SECOND, iso
from runledger.errors import NodeError, TransientError
from runledger.models.records import CallEvidence, CallTry
from runledger.nodes.http_retry import Retry, seconds_to_wait, try_end, why_not_again
from runledger.nodes.http_status import is_among
from runledger.nodes.tools import HttpCaller, HttpRequest, HttpResponse, Tools
from runledger.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Calling:
    """One call and its rules. `until` (epoch milliseconds) is the deadline for all tries: after it,
    another process may work on the node."""

    request: HttpRequest
    expected: Sequence[str]
    policy: Retry
    repeatable: bool
    until: int
    spread: str


@dataclass(slots=True)
class Tries:
    """The result of a call: the answer or error of the last try, and a record of every try."""

    response: HttpResponse | None = None
    error: NodeError | None = None
    tries: list[CallTry] = field(default_factory=list)
    gave_up: str | None = None

    def evidence(self) -> CallEvidence:
        if self.gave_up:
            return {"tries": self.tries, "gaveUp": self.gave_up}
        return {"tries": self.tries}


def make(calling: Calling, http: HttpCaller, tools: Tools, redactor: Redactor) -> Tries:
    """Calls until an expected answer comes, or until there is a reason to give up.

    Raises TransientError if the time left is too short for a single try; then nothing was sent.
    """
    found = Tries()
    timeout = round(calling.request.timeout_seconds * SECOND)
    while True:
        began = tools.clock()
        if began + timeout > calling.until:
            if found.tries:
                found.gave_up = "the time left was too short for another try"
                return found
            raise TransientError("the time left for this node is too short to make the call")
        outcome = _try(calling.request, http)
        ended = tools.clock()
        found.response = outcome if isinstance(outcome, HttpResponse) else None
        found.error = outcome if isinstance(outcome, NodeError) else None
        end = try_end(outcome, redactor.text(str(outcome)) if found.error else "")
        duration = ended - began if found.response is None else found.response.duration_ms
        found.tries.append({"at": iso(began), "durationMs": duration, **end})
        if found.response is not None and is_among(found.response.status, calling.expected):
            return found
        why = why_not_again(
            calling.policy, len(found.tries), outcome, repeatable=calling.repeatable, now=ended
        )
        if why is not None:
            # If only one try was planned, there is no giving up to report.
            found.gave_up = why if calling.policy.max_tries > 1 else None
            return found
        wait = seconds_to_wait(
            calling.policy, len(found.tries), outcome, spread=calling.spread, now=ended
        )
        found.tries[-1]["waitSeconds"] = wait
        tools.sleep(wait)
        if not tools.is_run_open():
            found.gave_up = "the run ended in the meantime"
            return found


def _try(request: HttpRequest, http: HttpCaller) -> HttpResponse | NodeError:
    try:
        return http.call(request)
    except NodeError as error:
        return error
