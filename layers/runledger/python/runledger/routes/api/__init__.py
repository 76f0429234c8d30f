"""The routes of the function `api`: changes."""
