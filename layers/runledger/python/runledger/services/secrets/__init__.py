"""Secrets of a workspace and of its webhooks."""
