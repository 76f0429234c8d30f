"""Workspaces, their members and accounts."""
