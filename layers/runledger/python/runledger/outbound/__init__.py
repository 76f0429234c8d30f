"""Calls to public addresses outside the stack."""
