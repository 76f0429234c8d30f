"""Findings about a config."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigWarning:
    """A doubtful point of a config, at the dotted path `field`. The config can still be saved."""

    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A secret that a config sends. `host` is the receiver; None if it is known only during a run.
    `field` is the config field that contains the URL of the call."""

    name: str
    field: str
    host: str | None
