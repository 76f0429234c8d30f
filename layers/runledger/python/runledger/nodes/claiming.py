"""When a visit claims its node, and whether it reads the run's contact."""

import re
from collections.abc import Iterable
from enum import StrEnum

# `{{ [name] }}`: a bracket that follows no name computes the root's name, which may be any.
_COMPUTED_ROOT = re.compile(r"\{[{%][^}]*?(?<![\w\]\"'?-])\[")


class Claiming(StrEnum):
    """When a visit writes its claim. A claim prevents a second process from doing the same work."""

    # Before the node's work.
    FIRST = "FIRST"
    # In the transaction that writes the node's first message.
    WITH_MESSAGE = "WITH_MESSAGE"
    # Never: the node changes nothing except its own step, and the first recorded step counts.
    NEVER = "NEVER"


def may_read_contact(texts: Iterable[str]) -> bool:
    """Whether any of these Liquid texts could read the contact. True in case of doubt."""
    return any("contact" in text or _COMPUTED_ROOT.search(text) for text in texts)
