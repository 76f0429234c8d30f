"""Links to the long bodies of a run's steps, made anew for everybody who may read the run."""

from typing import TYPE_CHECKING, Any

from runledger.clock import SECOND, iso
from runledger.models.run import KEPT_FILE
from runledger.store.bodies import run_objects

if TYPE_CHECKING:
    from runledger.api.runs import RunDetailView, StepView
    from runledger.models.run import Run
    from runledger.store.bodies import Bodies

# Long enough to follow a link, too short to pass it on.
LINK_SECONDS = 300
_SHOWN = "bodyLink"


def kept_body_key(run: "Run", node_id: str, name: str) -> str:
    """What the key of a step's file begins with: under its run's, so it goes when that goes."""
    return f"{run_objects(run.id, run.expires_at)}bodies/{node_id}-{name}"


def _own_keys(run: "Run", node_id: str, name: str) -> tuple[str, ...]:
    """Also as they were before keys told the expiry."""
    return kept_body_key(run, node_id, name), f"runs/{run.id}/bodies/{node_id}-{name}"


def with_links(detail: "RunDetailView", run: "Run", bodies: "Bodies", now: int) -> "RunDetailView":
    """The run with a link in place of each key: `bodyLink: {url, expiresAt, bytes}`.

    Only files of this very run are linked, whatever a step may say."""
    steps = [_linked(step, run, bodies, now) for step in detail.steps]
    return detail.changed(steps=steps)


def _linked(step: "StepView", run: "Run", bodies: "Bodies", now: int) -> "StepView":
    def linked(name: str, told: dict[str, Any] | None) -> dict[str, Any] | None:
        stored = told.get(KEPT_FILE) if told else None
        if told is None or stored is None:
            return told
        shown = {key: value for key, value in told.items() if key != KEPT_FILE}
        file = stored if isinstance(stored, dict) else {}
        if str(file.get("key")).startswith(_own_keys(run, step.node_id, name)):
            shown[_SHOWN] = {
                "url": bodies.link(file["key"], LINK_SECONDS),
                "expiresAt": iso(now + LINK_SECONDS * SECOND),
                "bytes": file.get("bytes"),
            }
        return shown

    return step.changed(
        request=linked("request", step.request), response=linked("response", step.response)
    )
