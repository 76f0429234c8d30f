"""Presenters: turn domain models into API answers."""
