"""What the functions `query` and `api` answer, a module a resource.

They are in the layer, because a function's own folder is where imports begin in Lambda and nowhere
else: a second module in it would have one name there and another in tests and type checks.
"""
