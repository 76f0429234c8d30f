"""Reads one run: its context, state, position and errors."""
