"""Starts, walks, settles and cancels runs."""
