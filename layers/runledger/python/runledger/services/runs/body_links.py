"""Links to the long bodies of a run's steps, made for each reader who may see the run."""

from typing import TYPE_CHECKING, TypeVar

from runledger.clock import SECOND, iso
from runledger.models.records import KEPT_FILE, SHOWN_FILE, ShownRequest, ShownResponse
from runledger.store.bodies import run_objects

if TYPE_CHECKING:
    from runledger.api.runs import RunDetailView, StepView
    from runledger.models.run import Run
    from runledger.store.bodies import Bodies

# Long enough to follow a link, too short to pass it on.
LINK_SECONDS = 300

ShownT = TypeVar("ShownT", ShownRequest | None, ShownResponse | None)


def kept_body_key(run: "Run", node_id: str, name: str) -> str:
    """Returns the prefix of a file's key. It begins with the run's prefix, so deleting the run's
    objects also deletes the file."""
    return f"{run_objects(run.id, run.expires_at)}bodies/{node_id}-{name}"


def _own_keys(run: "Run", node_id: str, name: str) -> tuple[str, ...]:
    """Returns the keys that a file of this run may have, including the older form, which does not
    contain the expiry."""
    return kept_body_key(run, node_id, name), f"runs/{run.id}/bodies/{node_id}-{name}"


def with_links(detail: "RunDetailView", run: "Run", bodies: "Bodies", now: int) -> "RunDetailView":
    """Returns the run with a link in place of each key: `bodyLink: {url, expiresAt, bytes}`.

    Links only files of this run, even if a step names another key."""
    steps = [_linked(step, run, bodies, now) for step in detail.steps]
    return detail.changed(steps=steps)


def _linked(step: "StepView", run: "Run", bodies: "Bodies", now: int) -> "StepView":
    def linked(name: str, document: ShownT) -> ShownT:
        if document is None or KEPT_FILE not in document or document[KEPT_FILE] is None:
            return document
        shown = document.copy()
        file = shown.pop(KEPT_FILE)
        is_own = isinstance(file, dict) and str(file.get("key")).startswith(
            _own_keys(run, step.node_id, name)
        )
        if is_own:
            shown[SHOWN_FILE] = {
                "url": bodies.link(file["key"], LINK_SECONDS),
                "expiresAt": iso(now + LINK_SECONDS * SECOND),
                "bytes": file.get("bytes"),
            }
        return shown

    return step.changed(
        request=linked("request", step.request), response=linked("response", step.response)
    )
