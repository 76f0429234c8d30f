"""Reads. What only some requests need is imported by the first of them, so that a new instance
answers soon."""
