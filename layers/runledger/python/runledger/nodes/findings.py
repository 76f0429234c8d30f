"""Findings of a node type about a config."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigWarning:
    """A doubtful point of a config. It does not prevent saving, but the author should know it.
    `field` is its dotted path."""

    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A secret that a config sends. `host` is the receiver, None if only a run can show it; `field`
    holds the address."""

    name: str
    field: str
    host: str | None
