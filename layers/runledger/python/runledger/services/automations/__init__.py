"""Writing, checking, activating and stopping automations and their templates."""
