"""The overview of a workspace: bounded reads of what the lists show."""
