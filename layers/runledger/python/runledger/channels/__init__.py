"""Outbound channels: one file each, plus registry."""
