"""Erases a contact and everything about the person."""
