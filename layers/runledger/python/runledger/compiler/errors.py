"""Failures of the compiler itself."""

from runledger.errors import RunledgerError


class CompilerError(RunledgerError):
    """The compiler built a machine that breaks its own rules: a bug, never a fault of the graph."""
