"""How long what happened is kept, in milliseconds after its end."""

from runledger.clock import DAY

RETENTION = 90 * DAY
