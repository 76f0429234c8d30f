"""The routes of the functions `query` and `api`, one module per resource.

They are in the layer, not in the functions' folders: Lambda puts a function's folder on the import
path, but tests and type checks do not, so a module there would have two names.
"""
