"""Counting what lists show, and the figures of charts."""
