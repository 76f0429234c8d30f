"""From an event to an open run, or a refusal."""
