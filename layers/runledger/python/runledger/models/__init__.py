"""Pydantic models of the domain. No I/O."""
