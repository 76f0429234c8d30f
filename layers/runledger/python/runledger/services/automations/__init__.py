"""Writes, checks, activates and stops automations and their templates."""
