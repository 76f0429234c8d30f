"""The AWS requests of one five-node run on the deployed stack, counted on the wire."""

import uuid
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from bench.bill import BUDGET, bill_of
from bench.processor_time import spent, workers
from tests.emulator.orders import (
    ADMIN,
    activate,
    demo_service,
    ended,
    fire,
    five_nodes,
    template,
    wait_for,
)
from tests.support.stack import Stack

# How many runs the processor time is measured over.
RUNS = 20


def test_a_five_node_run_stays_within_its_budget(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        body = "Your score: {{steps.score.score}}"
        automation = activate(api, five_nodes(f"{demo_service(api)}/score", template(api, body)))
        email = f"{uuid.uuid4().hex}@customer.example"

        def event_body() -> dict[str, object]:
            return {"orderId": uuid.uuid4().hex, "total": 150, "customer": {"email": email}}

        # The first run creates the contact and warms nothing that the counted one needs.
        ended(api, fire(stack, automation, event_body()))
        calls_url = f"{stack.aws_endpoint}/_local/calls"
        start = httpx.get(calls_url, params={"since": 10**9}).json()["next"]
        run_id = fire(stack, automation, event_body())
        key = {"pk": {"S": f"RUN#{run_id}"}, "sk": {"S": "RUN"}}
        with closing(stack.aws("dynamodb")) as dynamodb:

            def is_over() -> bool:
                row = dynamodb.get_item(TableName=stack.table_name, Key=key, ConsistentRead=True)
                return bool(row["Item"]["status"]["S"] == "COMPLETED")

            wait_for("the end of the counted run", is_over)
        calls = httpx.get(calls_url, params={"since": start}).json()["calls"]

    bill = bill_of(calls, run_id)
    print("\n".join(bill.lines()))
    assert bill.totals["invocations"] == BUDGET["invocations"], bill.invocations
    assert 0 < bill.totals["writeUnits"] <= BUDGET["writeUnits"], list(bill.lines())
    assert 0 < bill.totals["requests"] <= BUDGET["requests"], list(bill.lines())
    assert 0 < bill.totals["readUnits"] <= BUDGET["readUnits"], list(bill.lines())
    machine = automation["machine"]
    assert machine["type"] == "EXPRESS"


@pytest.mark.deep
def test_the_processor_time_of_a_run_is_measured(
    stack: Stack, report_figure: Callable[[str], None]
) -> None:
    with stack.api(ADMIN) as api:
        body = "Your score: {{steps.score.score}}"
        automation = activate(api, five_nodes(f"{demo_service(api)}/score", template(api, body)))
        event = {"total": 150, "customer": {"email": f"{uuid.uuid4().hex}@customer.example"}}
        ended(api, fire(stack, automation, {**event, "orderId": "first"}))
        before = workers(stack.aws_endpoint)
        ids = [fire(stack, automation, {**event, "orderId": f"A-{n}"}) for n in range(RUNS)]
        for run_id in ids:
            ended(api, run_id)
        took = spent(before, workers(stack.aws_endpoint))
    milliseconds = 1_000 * sum(took.values()) / RUNS
    report_figure(f"{milliseconds:.1f} ms of the workers' processor time a run, over {RUNS} runs")
    assert 0 < milliseconds < 1_000
