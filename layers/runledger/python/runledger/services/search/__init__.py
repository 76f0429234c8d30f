"""Finds things of a workspace by a text that a person types."""
