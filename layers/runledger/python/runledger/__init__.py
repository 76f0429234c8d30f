"""Runledger: automations with an exact run history."""

import gc

# Imports make many objects and no garbage. With Python's defaults, garbage collection takes a tenth
# of a cold start. The garbage of requests is collected every 20,000 objects.
gc.set_threshold(20_000, 20, 20)
