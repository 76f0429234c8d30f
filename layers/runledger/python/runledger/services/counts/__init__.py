"""Counts what lists show, and computes the figures of charts."""
