"""Each injected fault happens exactly once, even if several threads use faults up while other
threads list the faults."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.faults import Fault, Faults

CALL = ("dynamodb", "PutItem")
SCOPE: dict[str, Any] = {
    "type": "http",
    "headers": [(b"x-amz-target", b"DynamoDB_20120810.PutItem")],
}


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Lets Python change threads as often as it can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("quick_switches")
def test_each_fault_happens_once_while_others_list_the_faults() -> None:
    faults = Faults()
    wanted = 1_000

    def use_up() -> int:
        found = 0
        while found < wanted:
            faults.add(Fault(service=CALL[0], operation=CALL[1]))
            found += faults.take(CALL, b"") is not None
        return found

    def look(number: int) -> bool:
        return all(each["service"] == CALL[0] for each in faults.listed()) and (
            faults.awaited(SCOPE) in (CALL, None)
        )

    for _ in range(20):
        faults.add(Fault(service=CALL[0], operation="GetItem"))
    with ThreadPoolExecutor(3) as pool:
        users = [pool.submit(use_up) for _ in range(2)]
        assert all(pool.map(look, range(2_000)))
        assert [user.result() for user in users] == [wanted, wanted]
    assert faults.take(CALL, b"") is None
    assert len(faults.listed()) == 20
