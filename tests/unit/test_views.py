"""The size limit of one answer."""

from typing import Any

from runledger.api.runs import StepView
from runledger.models.run import StepStatus
from runledger.services.views.steps import DETAIL_BYTES, fit_steps


def step(number: int, output: dict[str, Any], response: Any = None) -> StepView:
    return StepView(
        node_id=f"n{number}",
        type="SET",
        status=StepStatus.COMPLETED,
        order=number,
        started_at="2026-01-01T00:00:00.000Z",
        finished_at=None,
        duration_ms=None,
        waited_ms=None,
        tries=None,
        outcome=None,
        branches_not_taken=[],
        reason=None,
        wait_until=None,
        input=None,
        output=output,
        evidence=None,
        request=None,
        response=response,
        error=None,
        delivery_ids=[],
    )


def size(steps: list[StepView]) -> int:
    return sum(len(each.model_dump_json().encode()) for each in steps)


def test_steps_that_fit_stay_unchanged() -> None:
    steps = [step(number, {"x": "é" * 1_000}) for number in range(100)]
    assert fit_steps(steps) == steps


def test_the_largest_values_are_left_out_with_a_note() -> None:
    small = [step(number, {"x": "s"}) for number in range(10)]
    large = [step(10 + number, {"x": "é" * 100_000}, {"body": 1}) for number in range(30)]
    fitted = fit_steps([*small, *large])
    assert size(fitted) <= DETAIL_BYTES + 10_000
    assert fitted[:10] == small
    left_out = [each for each in fitted if "leftOut" in each.output]
    assert left_out
    assert all(each.response == each.output for each in left_out)
    assert any(each in large for each in fitted)
    assert [each.node_id for each in fitted] == [each.node_id for each in [*small, *large]]
