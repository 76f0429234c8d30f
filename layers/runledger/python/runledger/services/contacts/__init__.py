"""Writes and finds contacts."""
