"""The limits of a node's frequency cap."""

MAX_CAP_MESSAGES = 100
MAX_CAP_HOURS = 31 * 24
