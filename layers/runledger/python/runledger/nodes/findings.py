"""What a node type finds in a config of its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigWarning:
    """What a config allows and its author should know; `field` is its dotted path."""

    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A secret that a config sends somewhere: `host` is where, None where only a run tells;
    `field` holds the address."""

    name: str
    field: str
    host: str | None
