"""Makes the answer to an event, in the form that its sender needs."""

import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from runledger.api.runs import ElementView, OpenedView, SplitView
from runledger.problem_details import status_of
from runledger.sources.base import Answer
from runledger.sources.facts import Outcome
from runledger.sources.registry import source_of

if TYPE_CHECKING:
    from runledger.errors import RunledgerError
    from runledger.nodes.webhook_intake import WebhookIntake
    from runledger.services.triggers.event_opening import PartResult, TakenEvent

# Statuses that never change: a wrong secret must be seen, and a sender must wait or repeat.
_KEPT_STATUSES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})
_IGNORED = json.dumps({"status": "IGNORED"})
_REFUSED = json.dumps({"status": "REFUSED"})


def answer_taken(taken: "TakenEvent") -> Answer:
    """Returns the answer to an event that was taken: its runs, or that the filter ignored it, in
    the form that its sender needs."""
    intake = taken.target.intake
    if taken.is_ignored:
        return _formed(intake, Outcome.IGNORED, Answer(HTTPStatus.ACCEPTED, body=_IGNORED))
    if taken.is_split:
        view = SplitView(runs=[_element(each) for each in taken.results])
        body = view.model_dump_json(by_alias=True, exclude_none=True)
        if taken.is_refused:
            refused = _instead(intake, Answer(HTTPStatus.UNPROCESSABLE_ENTITY, body=body))
            return _formed(intake, Outcome.REFUSED, refused)
        return _formed(intake, Outcome.ACCEPTED, Answer(HTTPStatus.ACCEPTED, body=body))
    opened = OpenedView(run_id=taken.run.id, status=taken.run.status, duplicate=taken.is_duplicate)
    status = HTTPStatus.OK if taken.is_duplicate else HTTPStatus.ACCEPTED
    ours = Answer(status, body=opened.model_dump_json(by_alias=True))
    return _formed(intake, Outcome.ACCEPTED, ours)


def answer_refused(intake: "WebhookIntake | None", error: "RunledgerError") -> Answer | None:
    """Returns the answer to a refused event: the one that the trigger chose (`answerRefused`), in
    the form that its sender needs. Returns None if the error's standard answer is sent instead.
    That is the case if neither the trigger nor the sender needs another answer, and for every 429,
    whose standard answer says when to send the event again."""
    status = status_of(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return None
    ours = Answer(status, body=str(error))
    chosen = _instead(intake, replace(ours, body=""))
    formed = _formed(intake, Outcome.REFUSED, ours if chosen.status == status else chosen)
    return None if formed == ours else formed


def _formed(intake: "WebhookIntake | None", outcome: Outcome, ours: Answer) -> Answer:
    if intake is None or ours.status == HTTPStatus.NO_CONTENT:
        return ours
    return source_of(intake).answer(outcome, ours)


def _instead(intake: "WebhookIntake | None", answer: Answer) -> Answer:
    chosen = None if intake is None else intake.answer_refused
    is_fixed = answer.status in _KEPT_STATUSES or not 400 <= answer.status < 500
    if chosen is None or is_fixed:
        return answer
    if chosen == 204:
        return Answer(chosen, body="")
    return replace(answer, status=chosen, body=answer.body or _REFUSED)


def _element(result: "PartResult") -> ElementView:
    if result.opened is not None:
        run = result.opened.run
        return ElementView(
            index=result.index,
            run_id=run.id,
            status=run.status,
            duplicate=result.opened.is_duplicate,
        )
    if result.refused is None:
        return ElementView(index=result.index, ignored=True)
    return ElementView(index=result.index, refused=str(result.refused))
