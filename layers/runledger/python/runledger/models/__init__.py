"""Pydantic models: the words of the product as data. No I/O."""
