"""Runledger: automations whose run history answers exactly."""
