"""Schedules of date automations, and their fires."""
