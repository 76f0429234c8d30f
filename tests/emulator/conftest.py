"""The emulator tests share one deployed stack a session."""

from tests.support.stack import stack

__all__ = ["stack"]
