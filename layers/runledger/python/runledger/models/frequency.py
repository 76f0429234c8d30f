"""How often somebody may be written to, at most, by a node that caps it."""

MAX_CAP_MESSAGES = 100
MAX_CAP_HOURS = 31 * 24
