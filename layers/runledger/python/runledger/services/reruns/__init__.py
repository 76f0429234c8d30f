"""Repeating runs: one at a time or many, and comparing them."""
