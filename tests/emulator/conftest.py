from collections.abc import Iterator

import httpx
import pytest

from tests.emulator.orders import ADMIN
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    """The public API, as the demo workspace's admin."""
    with stack.api(ADMIN) as client:
        yield client
