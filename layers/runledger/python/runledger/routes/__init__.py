"""The routes of the functions `query` and `api`, one module per resource.

They are in the layer because only Lambda starts imports in a function's own folder: a second module
there would have one name in Lambda and another in tests and type checks.
"""
