"""One deployed stack for both roles: the owner goes first, and what it leaves the viewer reads."""

from tests.support.stack import stack

__all__ = ["stack"]
