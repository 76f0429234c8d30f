"""Checks of an AWS account and of a deployed stack. They only read."""
