"""Failures of the compiler itself."""

from runledger.errors import RunledgerError


class CompilerError(RunledgerError):
    """The compiler built a machine that breaks the compiler's own rules. This is a bug, never a
    mistake in the graph."""
