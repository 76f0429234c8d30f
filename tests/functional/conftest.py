from collections.abc import Iterator

import pytest

from tests.support.world import World, open_world


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as made:
        yield made
