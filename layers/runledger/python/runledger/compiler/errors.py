"""The compiler's own failures."""

from runledger.errors import RunledgerError


class CompilerError(RunledgerError):
    """The compiler built a machine that breaks its own rules: a bug, never the graph's fault."""
