"""Links to the long bodies of a run's steps, made anew for everybody who may read the run."""

from typing import TYPE_CHECKING, Any

from runledger.clock import SECOND, iso

if TYPE_CHECKING:
    from runledger.models.wire import RunDetailView, StepView
    from runledger.store.bodies import Bodies

# Long enough to follow a link, too short to pass it on.
LINK_SECONDS = 300
_STORED, _SHOWN = "bodyObject", "bodyLink"


def kept_body_key(run_id: str, node_id: str, name: str) -> str:
    """What the key of a step's file begins with: under its run's, so it goes when that goes."""
    return f"runs/{run_id}/bodies/{node_id}-{name}"


def with_links(detail: "RunDetailView", bodies: "Bodies", now: int) -> "RunDetailView":
    """The run with a link in place of each key: `bodyLink: {url, expiresAt, bytes}`.

    Only files of this very run are linked, whatever a step may say."""
    steps = [_linked(step, detail.id, bodies, now) for step in detail.steps]
    return detail.model_copy(update={"steps": steps})


def _linked(step: "StepView", run_id: str, bodies: "Bodies", now: int) -> "StepView":
    changes: dict[str, Any] = {}
    for name in ("request", "response"):
        told: dict[str, Any] | None = getattr(step, name)
        stored = told.get(_STORED) if told else None
        if told is None or stored is None:
            continue
        shown = {key: value for key, value in told.items() if key != _STORED}
        if stored["key"].startswith(kept_body_key(run_id, step.node_id, name)):
            shown[_SHOWN] = {
                "url": bodies.link(stored["key"], LINK_SECONDS),
                "expiresAt": iso(now + LINK_SECONDS * SECOND),
                "bytes": stored["bytes"],
            }
        changes[name] = shown
    return step.model_copy(update=changes) if changes else step
