"""Answers readers: pages of lists, timelines and failure groups."""
