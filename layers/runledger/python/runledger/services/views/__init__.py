"""Presenters: from domain models to what the API answers."""
