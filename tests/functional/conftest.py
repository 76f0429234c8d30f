from collections.abc import Iterator

import pytest

from tests.support.engine import Engine, open_engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine() as made:
        yield made
