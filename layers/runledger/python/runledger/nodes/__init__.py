"""Node types: one file each, plus base and registry."""
