"""Ids: drawn without asking the system for random bytes.

A thread that asks the system lets the other threads run meanwhile, and must then wait for its turn
in the interpreter. The emulator draws several ids for each invocation and request.
"""

import random
import uuid
from types import SimpleNamespace

from ministack import app
from ministack.core import responses

from local.patches import guard

# Seeded by the system once. These ids name things; they are no secrets.
_RANDOM = random.Random()


def apply() -> None:
    guard.expect(responses, "new_uuid", "1a88ffd41fb70e05")
    for module in (app, responses):
        module.uuid = SimpleNamespace(**{**vars(uuid), "uuid4": uuid4})


def uuid4() -> uuid.UUID:
    """Returns a random id of version 4."""
    return uuid.UUID(int=_RANDOM.getrandbits(128), version=4)
