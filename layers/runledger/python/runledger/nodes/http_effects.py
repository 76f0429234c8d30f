"""Derives the state of a call's effect from its recorded step."""

from collections.abc import Sequence

from runledger.models.records import CallTry
from runledger.models.rerun import EffectState, RecordedEffect

_SAFE = ("GET", "HEAD")
_SUCCESS, _REDIRECT, _FAILURE = range(200, 300), range(300, 400), range(400, 600)


def call_effect(
    method: str, url: str, tries: Sequence[CallTry] | None, kind: str | None, at: int
) -> list[RecordedEffect]:
    """Returns the effect of a call, if it may have had one. `tries` are the tries in the step's
    evidence, or None if it has none. `kind` is the kind of the step's error.

    If a step has an error but no tries, nothing was sent, unless its process failed (`kind` is
    `OUTCOME_UNKNOWN` or `INTERNAL_ERROR`). Then it is unknown whether the effect happened.
    """
    if method in _SAFE:
        return []
    if not tries:
        if kind in ("OUTCOME_UNKNOWN", "INTERNAL_ERROR"):
            return [RecordedEffect(method, url, kind, EffectState.UNKNOWN, at)]
        return []
    states = [_state_of(each) for each in tries]
    # One try that may have reached the service counts, whatever the others did.
    order = (EffectState.HAPPENED, EffectState.UNKNOWN, EffectState.FAILED)
    state = next(each for each in order if each in states)
    last = tries[-1]
    shown = str(last["status"]) if "status" in last else str(last["error"]["kind"])
    if state is EffectState.UNKNOWN:
        shown = "OUTCOME_UNKNOWN"
    return [RecordedEffect(method, url, shown, state, at)]


def _state_of(made: CallTry) -> EffectState:
    """An answer with status 4xx or 5xx means FAILED. If there was no answer, the effect is FAILED
    only if nothing was sent."""
    status = made.get("status")
    if status is None:
        return EffectState.FAILED if made.get("sent") is False else EffectState.UNKNOWN
    if status in _SUCCESS:
        return EffectState.HAPPENED
    return EffectState.FAILED if status in _FAILURE else EffectState.UNKNOWN
