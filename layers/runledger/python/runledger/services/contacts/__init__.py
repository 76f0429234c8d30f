"""Contacts, and how they are found."""
