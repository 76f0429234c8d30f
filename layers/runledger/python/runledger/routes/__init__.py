"""The routes of the functions `query` and `api`, one module per resource.

They are in the layer, not in the functions' folders, because a module in such a folder would have
two names: Lambda puts the folder on the import path, but tests and type checks do not.
"""
