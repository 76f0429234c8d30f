"""Calls to the world outside, and only to it."""
