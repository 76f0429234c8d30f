"""Runledger: automations whose run history answers exactly."""

import gc

# Loading makes many objects and no garbage: looking for some, as often as Python does by itself,
# takes a tenth of a cold start. What a request leaves is collected every 20,000 objects.
gc.set_threshold(20_000, 20, 20)
