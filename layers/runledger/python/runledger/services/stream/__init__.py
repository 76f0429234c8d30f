"""Follows the table's stream."""
