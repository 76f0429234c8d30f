"""Receiving webhooks from systems that do not know us: schemes, presets and formats."""
